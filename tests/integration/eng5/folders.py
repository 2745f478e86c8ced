"""Small folders of essays that the mock judge, left to the texts' features, can tell apart."""

from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
SENTENCES = (
    "Schools should open later in the morning.",
    "Pupils who sleep longer learn more, because a tired mind forgets what it reads.",
    "However, parents who begin work early would need help with the smaller children.",
    "A town could therefore try it with one school and compare the results after a year.",
)
ANCHOR_GRADES = ("F+", "D-", "C+", "A")


def write_essays(root: Path, students: int = 8, anchors: int = 3) -> list[object]:
    """Folders below `root`; returns the options that name them."""
    for number in range(students):
        write(root / "students" / f"student_{number:02d}.txt", text(number))
    for number, grade in enumerate(ANCHOR_GRADES[:anchors]):
        write(root / "anchors" / f"anchor_{grade}.txt", text(3 * number, "Anchor"))
    options: list[object] = ["--students", root / "students"]
    return [*options, "--anchors", root / "anchors"] if anchors else options


def write(path: Path, words: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")
    return path


def text(number: int, kind: str = "Essay") -> str:
    """Longer and better argued the higher the number."""
    body = (SENTENCES[part % len(SENTENCES)] for part in range(2 + number))
    return f"{kind} number {number}. {' '.join(body)}"
