"""Free essays standing in a row by place, so that the nearest suitable one is found quickly."""

from collections.abc import Callable, Iterable, Iterator, Sequence

_END = -1


class Lane:
    """A doubly linked list over `items`, sorted by `places` (ties in the order given)."""

    def __init__(self, items: Iterable[int], places: Sequence[float]) -> None:
        self._places = places
        row = sorted(items, key=lambda item: places[item])
        self._before = dict(zip(row, [_END, *row], strict=False))
        self._after = dict(zip(row, [*row[1:], _END], strict=False))

    def __contains__(self, item: int) -> bool:
        return item in self._after

    def __iter__(self) -> Iterator[int]:
        """The items in row order; remove none while iterating."""
        return iter(self._after)

    def __len__(self) -> int:
        return len(self._after)

    def nearest(self, item: int, fits: Callable[[int], bool]) -> int | None:
        """The item closest to `item` that fits; walks outwards, usually a few steps."""
        left, right = self._before[item], self._after[item]
        here = self._places[item]
        while left != _END or right != _END:
            go_left = right == _END or (
                left != _END and here - self._places[left] <= self._places[right] - here
            )
            candidate = left if go_left else right
            if fits(candidate):
                return candidate
            if go_left:
                left = self._before[left]
            else:
                right = self._after[right]
        return None

    def remove(self, item: int) -> None:
        before, after = self._before.pop(item), self._after.pop(item)
        if before != _END:
            self._after[before] = after
        if after != _END:
            self._before[after] = before
