"""Array types shared by the measurement modules."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
SparseMatrix = Any  # scipy.sparse has no type stubs

__all__ = ["ArrayLike", "BoolArray", "FloatArray", "IntArray", "SparseMatrix"]
