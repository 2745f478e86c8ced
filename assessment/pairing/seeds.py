"""Random generators that depend on the batch's seed and nothing else."""

import numpy as np


def wave_generator(seed: int, wave: int) -> np.random.Generator:
    """The generator of one wave: the same on every platform and in every process.

    Raises ValueError for a negative seed or wave.
    """
    if seed < 0 or wave < 0:
        raise ValueError(f"seed and wave must not be negative: {seed}, {wave}")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, wave])))
