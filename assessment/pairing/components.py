"""Connected components of the comparison graph (union-find)."""


class Components:
    """Disjoint sets of the items 0..n-1; path halving and union by size (Tarjan, 1975)."""

    def __init__(self, n: int) -> None:
        self.count = n
        self._parent = list(range(n))
        self._size = [1] * n

    def find(self, item: int) -> int:
        """The item that stands for the component of `item`."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, a: int, b: int) -> bool:
        """Merge two components; False if `a` and `b` were connected already."""
        root, other = self.find(a), self.find(b)
        if root == other:
            return False
        if self._size[root] < self._size[other]:
            root, other = other, root
        self._parent[other] = root
        self._size[root] += self._size[other]
        self.count -= 1
        return True

    def copy(self) -> "Components":
        twin = Components(0)
        twin.count = self.count
        twin._parent = self._parent.copy()
        twin._size = self._size.copy()
        return twin
