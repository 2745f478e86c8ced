"""Grade scales: ordered labels, lowest first."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Scale:
    """An ordered list of grades, lowest first. `name` is "custom" for a list given by hand."""

    name: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(not label or label != label.strip() for label in self.labels):
            raise ValueError(f"grade scale {self.name!r} has an empty label: {self.labels}")
        doubles = sorted({label for label in self.labels if self.labels.count(label) > 1})
        if doubles:
            raise ValueError(
                f"grade scale {self.name!r} names {', '.join(doubles)} more than once; "
                "each grade may appear once, from lowest to highest"
            )
        if len(self.labels) < 2:
            raise ValueError(
                f"a grade scale needs at least two grades, got {len(self.labels)}; "
                f"give labels from lowest to highest like 'F,E,D,C,B,A', or one of: {KNOWN_NAMES}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, label: str) -> int:
        """Position of `label`, 0 for the lowest grade. Raises ValueError for an unknown label."""
        try:
            return self.labels.index(label)
        except ValueError:
            raise ValueError(
                f"{label!r} is not a grade of scale {self.name!r} ({', '.join(self.labels)})"
            ) from None


_LABELS = {
    "swedish_8_anchor": ("F", "E", "D", "D+", "C", "C+", "B", "A"),
    "eng5_np_legacy_9_step": ("F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A"),
    "eng5_np_national_9_step": ("1", "2", "3", "4", "5", "6", "7", "8", "9"),
}
KNOWN_NAMES = ", ".join(_LABELS)
SCALES = MappingProxyType({name: Scale(name, labels) for name, labels in _LABELS.items()})
"""The scales known by name."""


def parse_scale(text: str) -> Scale:
    """The scale called `text`, or the one whose labels `text` lists, "lowest,...,highest".

    Raises ValueError, saying what to change, for an unknown name, an empty label, a label given
    twice or fewer than two labels.
    """
    name = text.strip()
    if name in SCALES:
        return SCALES[name]
    if not name:
        raise ValueError(f"no grade scale given; known scales: {KNOWN_NAMES}")
    if "," not in name:
        raise ValueError(
            f"unknown grade scale {name!r}; known scales: {KNOWN_NAMES}; "
            "or list the grades from lowest to highest, like 'F,E,D,C,B,A'"
        )
    labels = tuple(label.strip() for label in name.split(","))
    if "" in labels:
        raise ValueError(f"grade scale {name!r} has an empty label; check the commas")
    return Scale("custom", labels)
