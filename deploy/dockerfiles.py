"""A Dockerfile as data: its stages and their instructions, and the environment of its image."""

import re
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Instruction:
    """`stage` counts from 0; `words` are those after the keyword, as they stand."""

    stage: int
    keyword: str
    words: str


def instructions(text: str) -> list[Instruction]:
    """All instructions in order; lines that go on are joined, comments left out."""
    lines = re.sub(r"^#.*\n", "", text, flags=re.M)
    found: list[Instruction] = []
    stage = -1
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if line.strip():
            keyword, _, words = line.strip().partition(" ")
            stage += keyword == "FROM"
            found.append(Instruction(stage, keyword, words.strip()))
    return found


def environment(text: str) -> dict[str, str]:
    """What ENV sets in the last stage, which is the image."""
    steps = instructions(text)
    last = steps[-1].stage
    pairs = [
        word.partition("=")
        for step in steps
        if step.keyword == "ENV" and step.stage == last
        for word in shlex.split(step.words)
    ]
    return {name: value for name, _, value in pairs}
