"""What of a text can be seen: the form in which it is sent, stored and hashed."""

import re
from typing import Final

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Tag characters show as nothing and can spell out whole sentences; a few flags are made of them.
_TAGS = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)"
    "|[\U000e0000-\U000e007f]+"
)
# One after a character chooses its form; further ones show as nothing and can carry a message.
_SELECTORS = re.compile(
    "([\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
# Control characters but tab and newline, surrogates, and overrides of the reading direction.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202d\u202e]")
_ZERO_WIDTH = re.compile("[\u115f\u1160\u180e\u200b\u2060-\u2064\u2800\u3164\ufeff\uffa0]")
# A paste from a web page leaves one or two.
_STRAY_ZERO_WIDTH: Final = 2


def clean(text: str) -> str:
    """The text as it is sent: what can be seen, and nothing that only a machine would read.

    Every line break becomes a newline. Control characters and surrogates go, and of the invisible
    characters those that can hide a message from a reader: tags that make no flag, all but the
    first of several variation selectors, and overrides of the reading direction. All other
    characters stay as they are, joiners and direction marks that writing systems need among them.
    Cleaning twice changes nothing more.
    """
    text = _LINE_BREAKS.sub("\n", text)
    text = _UNSEEN.sub("", text)
    text = _TAGS.sub(lambda found: found[1] or "", text)
    return _SELECTORS.sub(r"\1", text)


def characters_taken_out(text: str) -> int:
    """How many characters `clean` takes out, the second half of a line break aside."""
    return len(_LINE_BREAKS.sub("\n", text)) - len(clean(text))


def hidden_characters(text: str) -> int:
    """What `clean` takes out, and zero-width characters where they are no accident."""
    zero_width = len(_ZERO_WIDTH.findall(text))
    return characters_taken_out(text) + (zero_width if zero_width > _STRAY_ZERO_WIDTH else 0)
