"""A comparison of two runs as one HTML page that needs nothing but itself."""

from django.template import Context
from django.utils.safestring import mark_safe

from assessment.comparing.run_pairs import RunPair
from assessment.comparing.tables import sections
from assessment.reports.charts.scatters import TwiceScored, scatter_chart
from assessment.reports.rendering import UNPRINTABLE, template


def render_comparison(pair: RunPair) -> str:
    """No script, nothing fetched, and a content security policy that forbids both."""
    essays = [
        TwiceScored(essay.name, essay.is_anchor, essay.scores, essay.errors)
        for essay in pair.placed
    ]
    context = Context(
        {
            "title": " and ".join(head.label or f"batch {head.batch}" for head in pair.heads),
            "mock": any(head.mock for head in pair.heads),
            # The chart escapes every word it is given.
            "scatter": mark_safe(scatter_chart(essays)) if essays else "",  # noqa: S308
            "sections": sections(pair),
        },
        autoescape=True,
        use_l10n=False,
        use_tz=False,
    )
    page: str = template("comparison.html").render(context)
    return page.translate(UNPRINTABLE)
