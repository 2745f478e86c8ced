"""What one of several lanes may take of the workers, as a pure function."""


def may_take_one(held: int, free: int) -> bool:
    """Whether a lane with `held` calls under way may have one more, with `free` workers idle.

    While it holds fewer than are left: alone it gets half of all workers; with n lanes at work
    each gets about one of n + 1 parts, and the last part stays free for the next lane. A lane
    without a call always gets one: whoever asks is a worker, and free.
    """
    return held == 0 or held < free
