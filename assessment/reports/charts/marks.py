"""An essay's mark: a circle for a student's, a diamond for an anchor."""

from assessment.reports.charts.svg import element


def mark(is_anchor: bool, x: str, y: float) -> str:
    """`x` as a percentage of the width, `y` in pixels."""
    if not is_anchor:
        return element("circle", class_="mark", cx=x, cy=y, r=4.5)
    # A percentage cannot stand in a path, so the diamond is drawn around the origin of its own
    # small picture, which can be placed by percentage.
    diamond = element("path", class_="mark", d="M0-6 6 0 0 6-6 0z")
    return element("svg", diamond, x=x, y=y, class_="placed")
