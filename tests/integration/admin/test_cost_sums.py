"""The list of provider calls ends with the sums of what it is filtered to."""

import re

from django.test import Client

from assessment.models import Batch
from llmprovider.contracts import bills
from tests.integration.admin.pages import list_url, page
from tests.integration.api.batches import work
from tests.integration.assessment.essays import batch

CALLS = "llmprovider_providercall"


def sums(shown: str) -> list[list[str]]:
    table = shown.split('<table id="costs">')[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_the_last_line_is_the_sum_of_the_listed_calls(admin: Client, finished: Batch) -> None:
    other = work(batch(4).pk)
    everything = sums(page(admin, list_url(CALLS)))[-1]
    assert everything[0] == "in all"
    of_one = [sums(page(admin, list_url(CALLS), q=one.pk))[-1] for one in (finished, other)]
    for one, row in zip((finished, other), of_one, strict=True):
        totals = bills.totals_of(str(one.pk))
        assert row[1:4] == [
            str(totals["calls"]),
            str(one.completed),
            f"{totals['input_tokens']:,}",
        ]
    assert int(everything[1]) == sum(int(row[1]) for row in of_one)


def test_an_empty_list_has_no_sums(admin: Client, finished: Batch) -> None:
    assert '<table id="costs">' not in page(admin, list_url(CALLS), q=finished.pk + 99)
