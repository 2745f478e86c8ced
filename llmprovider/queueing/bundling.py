"""Which comparisons go into one provider call: a pure plan over positions in a list.

Compatible items (same key and mode) are packed so that comparisons that share a text tend to share
a call, which sends the text once. Input and expected output are counted; see `tokens`.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from llmprovider.contracts import QueueMode
from llmprovider.prompting.tokens import expected_output_tokens, input_tokens

# At a text of very many comparisons, this many are looked at per call to find the best next text:
# it keeps the plan near linear, and a call cannot hold more than a few times fewer anyway.
_SCANNED_PER_TEXT: Final = 128


@dataclass(frozen=True)
class PlanItem:
    """One comparison to plan.

    `key`: what must be equal within a call (provider, model, overrides, instructions). `group`:
    comparisons that belong in one call. `limit`: most comparisons in its call. `first`, `second`:
    hashes of the texts, with the tokens of each; `fixed_tokens`: of the instructions.
    """

    key: str
    group: str | None
    limit: int
    first: str
    second: str
    first_tokens: int
    second_tokens: int
    fixed_tokens: int
    mode: QueueMode


def plan_bundles(items: Sequence[PlanItem], *, cap: int, token_budget: int) -> list[list[int]]:
    """Positions in `items`, split into one list per provider call.

    A call holds at most min(item's limit, `cap`) comparisons and `token_budget` tokens; a
    comparison too large for the budget goes alone. In `per_request` mode it holds one; the other
    modes are packed alike. A group has a call of its own, or several when it does not fit into one.
    Ungrouped items of one key, mode and limit that the budget does not cut fill exactly
    ceil(n / limit) calls. Each call's positions ascend, and calls are in order of their first. Near
    linear in the number of items. Raises ValueError when `cap` or a limit is below 1.
    """
    if cap < 1 or any(item.limit < 1 for item in items):
        raise ValueError("a call holds at least one comparison")
    parts: dict[tuple[str, str, str | None, int], list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        limit = 1 if item.mode is QueueMode.PER_REQUEST else min(item.limit, cap)
        # The limits within a group may differ, and must not part it.
        part = (item.key, item.mode.value, item.group, limit if item.group is None else 0)
        parts[part].append(index)

    bundles: list[list[int]] = []
    for (_, mode, _, _), members in parts.items():
        per_request = mode == QueueMode.PER_REQUEST.value
        limit = 1 if per_request else min(cap, min(items[index].limit for index in members))
        if limit == 1:
            bundles += ([index] for index in members)
        elif len(members) <= limit and _tokens(items, members) <= token_budget:
            bundles.append(members)
        else:
            bundles += _Packing(items, limit, token_budget).pack(members)
    return sorted(map(sorted, bundles))


def _tokens(items: Sequence[PlanItem], members: Iterable[int]) -> int:
    texts: dict[str, int] = {}
    fixed = count = 0
    for item in map(items.__getitem__, members):
        texts[item.first], texts[item.second] = item.first_tokens, item.second_tokens
        fixed, count = max(fixed, item.fixed_tokens), count + 1
    return _call_tokens(fixed, sum(texts.values()), len(texts), count)


def _call_tokens(fixed: int, texts: int, distinct_texts: int, comparisons: int) -> int:
    return input_tokens(fixed, texts, distinct_texts, comparisons) + expected_output_tokens(
        comparisons
    )


class _Packing:
    """Greedy growth: a call takes every comparison among its texts, then the text best connected.

    Texts are nodes and comparisons are edges. A call is filled before the next is begun, so only
    the budget can leave one, other than the last, below its limit.
    """

    def __init__(self, items: Sequence[PlanItem], limit: int, token_budget: int) -> None:
        self._items = items
        self._limit = limit
        self._budget = token_budget
        self._bundles: list[list[int]] = []
        # Waiting comparisons, from either text: text -> other text -> position.
        self._waiting: dict[str, dict[str, int]] = {}
        self._begin()

    def _begin(self) -> None:
        self._bundle: list[int] = []
        self._texts: dict[str, int] = {}
        self._fixed = 0
        # How many waiting comparisons tie a text outside the call to those inside; best first.
        self._ties: dict[str, int] = defaultdict(int)
        self._candidates: list[tuple[int, int, str]] = []

    def pack(self, members: Sequence[int]) -> list[list[int]]:
        for layer in self._layers(members):
            self._load(layer)
            for index in layer:
                item = self._items[index]
                while item.second in self._waiting[item.first]:
                    self._grow(index)
        self._close()
        return self._bundles

    def _layers(self, members: Sequence[int]) -> list[list[int]]:
        """Members so that no layer has two comparisons of the same two texts.

        Both orders of a pair, and repeats, are there to see whether the judge agrees with itself:
        a layer is used up before the next, so they meet in one call only where they must.
        """
        layers: list[list[int]] = []
        seen: dict[frozenset[str], int] = defaultdict(int)
        for index in members:
            pair = frozenset((self._items[index].first, self._items[index].second))
            if seen[pair] == len(layers):
                layers.append([])
            layers[seen[pair]].append(index)
            seen[pair] += 1
        return layers

    def _load(self, layer: Sequence[int]) -> None:
        self._waiting = defaultdict(dict)
        for index in layer:
            item = self._items[index]
            self._waiting[item.first][item.second] = index
            self._waiting[item.second][item.first] = index
        # The call that the layer before left open goes on with its texts.
        self._ties.clear()
        self._candidates.clear()
        for text in list(self._texts):
            self._take(self._inside(text))
            self._look_around(text)

    def _grow(self, seed: int) -> None:
        """Give the open call one text more; the two of `seed` where none has a tie to it."""
        text = self._best_tied()
        if text is None:
            self._take([seed])
            self._look_around(self._items[seed].first)
            self._look_around(self._items[seed].second)
        else:
            self._take(self._inside(text))
            self._look_around(text)

    def _best_tied(self) -> str | None:
        while self._candidates:
            ties, _, text = heapq.heappop(self._candidates)
            if text not in self._texts and self._ties[text] == -ties:
                return text
        return None

    def _inside(self, text: str) -> list[int]:
        """Waiting comparisons between `text` and the texts of the call, in order."""
        waiting, texts = self._waiting[text], self._texts
        if len(waiting) < len(texts):
            return sorted(index for other, index in waiting.items() if other in texts)
        return sorted(waiting[other] for other in texts if other in waiting)

    def _take(self, indices: Iterable[int]) -> None:
        """Move waiting comparisons to the call, until it must be closed."""
        for index in indices:
            if self._bundle and not self._fits(index):
                self._close()
                return
            item = self._items[index]
            self._waiting[item.first].pop(item.second)
            self._waiting[item.second].pop(item.first, None)
            self._bundle.append(index)
            self._texts |= {item.first: item.first_tokens, item.second: item.second_tokens}
            self._fixed = max(self._fixed, item.fixed_tokens)
            if len(self._bundle) == self._limit:
                self._close()
                return

    def _fits(self, index: int) -> bool:
        item = self._items[index]
        texts = self._texts | {item.first: item.first_tokens, item.second: item.second_tokens}
        fixed = max(self._fixed, item.fixed_tokens)
        count = len(self._bundle) + 1
        return _call_tokens(fixed, sum(texts.values()), len(texts), count) <= self._budget

    def _look_around(self, text: str) -> None:
        """Note the texts that waiting comparisons tie to `text`, if it is in the call."""
        if text in self._texts:
            for other in islice(self._waiting[text], _SCANNED_PER_TEXT):
                if other not in self._texts:
                    self._ties[other] += 1
                    entry = (-self._ties[other], len(self._waiting[other]), other)
                    heapq.heappush(self._candidates, entry)

    def _close(self) -> None:
        if self._bundle:
            self._bundles.append(self._bundle)
        self._begin()
