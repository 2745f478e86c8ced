"""The few SVG elements that the pictures need, with everything escaped.

Pictures are as wide as their box and keep their letters at one size: horizontal places are
percentages, vertical ones pixels. Only lines that bend need a stretched inner picture.
"""

from collections.abc import Iterable
from html import escape


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element; `content` is markup already made here, attributes are escaped.

    `class_` stands for `class`, underscores for hyphens, floats are cut to two decimals.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>"


def text(words: object, **attributes: object) -> str:
    """A `<text>` element with escaped words."""
    return element("text", escape(str(words)), **attributes)


def tooltip(words: str) -> str:
    """A `<title>`: read out by screen readers and shown on hover."""
    return element("title", escape(words))


def picture(
    parts: Iterable[str], *, key: str, title: str, description: str, height: float, class_: str
) -> str:
    """A whole picture, 100 % wide and `height` pixels high, named and described.

    `key` must be unique on the page: the accessible name refers to it.
    """
    heading = element("title", escape(title), id=f"{key}-title")
    words = element("desc", escape(description), id=f"{key}-desc")
    return element(
        "svg",
        heading + words + "".join(parts),
        class_=class_,
        width="100%",
        height=height,
        role="img",
        aria_labelledby=f"{key}-title",
        aria_describedby=f"{key}-desc",
    )


def stretched(parts: Iterable[str], *, top: float, height: float) -> str:
    """A band of the picture in which both directions run from 0 to 100, stretched to fit."""
    return element(
        "svg",
        "".join(parts),
        x="0",
        y=top,
        width="100%",
        height=height,
        viewBox="0 0 100 100",
        preserveAspectRatio="none",
        class_="stretched",
    )


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(str(value))
