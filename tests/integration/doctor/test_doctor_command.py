"""`manage.py cj_doctor`: what it says, and its exit code."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from assessment.models import Batch
from cjproject.checkups import CHECKS
from llmprovider.contracts.findings import NAMED
from tests.integration.assessment.essays import batch
from tests.integration.doctor import worlds
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db


def doctor(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("cj_doctor", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code), out.getvalue()
    return 0, out.getvalue()


def miscount() -> None:
    Batch.objects.update(completed=0)


def test_a_clean_database_says_what_was_looked_at():
    worlds.finished()
    code, said = doctor()
    assert code == 0
    assert "1 batches" in said and "3 comparisons" in said and "Nothing is off." in said
    assert f"{len(CHECKS)} checks" in said


def test_what_is_off_is_named_with_what_a_repair_would_do():
    worlds.finished()
    miscount()
    code, said = doctor()
    assert code == 1
    assert "REPAIRABLE counters_wrong (1)" in said and "Repair: counts the rows again." in said
    assert f"batch: {Batch.objects.get().pk}" in said
    assert Batch.objects.get().completed == 0


def test_a_repair_says_before_and_after():
    worlds.finished()
    miscount()
    code, said = doctor("--repair")
    before, after = said.split("After the repair")
    assert code == 0
    assert "counters_wrong" in before and "Nothing is off." in after
    assert driving.counters(Batch.objects.get()) == (3, 3, 0)


def test_what_cannot_be_repaired_stays_off_and_says_what_to_do():
    worlds.finished()
    Batch.objects.get().events.update(kind="batch.failed")
    code, said = doctor("--repair")
    assert code == 1
    assert "ERROR event_wrong" in said and "What to do: tell whoever received the event" in said


def test_a_notice_is_no_fault():
    worlds.finished()
    Batch.objects.all().delete()
    code, said = doctor()
    assert code == 0
    assert "NOTICE orphan (3)" in said and "Nothing is off." in said


def test_one_document_for_programs():
    worlds.finished()
    miscount()
    code, said = doctor("--json")
    found = json.loads(said)
    assert (code, found["clean"], found["before_repair"]) == (1, False, None)
    (finding,) = found["findings"]
    assert (finding["code"], finding["severity"]) == ("counters_wrong", "repairable")
    assert finding["ids"] == [str(Batch.objects.get().pk)]
    code, said = doctor("--json", "--repair")
    mended = json.loads(said)
    assert (code, mended["clean"], mended["findings"]) == (0, True, [])
    assert mended["before_repair"] == [finding]


def test_of_many_a_few_are_named_and_all_are_counted():
    one = driving.started(batch(8))
    driving.judge(one)
    one.pairs.update(cost_usd=1)
    one.pairs.first().history.all().delete()
    _, said = doctor("--json")
    (finding,) = [row for row in json.loads(said)["findings"] if row["code"] == "asking_missing"]
    assert finding["count"] == 1
    one.pairs.model.objects.update(attempts=9)
    _, said = doctor("--json")
    (finding,) = [row for row in json.loads(said)["findings"] if row["code"] == "asking_missing"]
    assert (finding["count"], len(finding["ids"])) == (one.pairs.count(), NAMED)


def test_one_batch_is_looked_at_and_repaired_alone():
    worlds.finished(), worlds.finished()
    miscount()
    first, second = Batch.objects.order_by("pk")
    code, said = doctor("--batch", str(second.pk), "--repair")
    assert code == 0 and "1 batches" in said
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.completed, second.completed) == (0, 3)


@pytest.mark.parametrize("number", ["7", "x"])
def test_a_batch_that_is_not_there_is_bad_usage(number):
    with pytest.raises(CommandError) as refused:
        call_command("cj_doctor", f"--batch={number}")
    assert "--batch" in str(refused.value)
    assert number == "x" or refused.value.returncode == 2


def test_essays_and_answers_are_not_shown():
    """T34: ids only."""
    worlds.finished()
    Batch.objects.get().pairs.update(winner="essay_a", justification="Zebra words")
    _, said = doctor()
    assert "verdict_differs" in said
    assert "Zebra" not in said and "Text student" not in said
