"""What a decision may rest on: every answer there is, and verdicts alone."""

import pytest

from assessment.lifecycle.scores.measuring import measure
from assessment.lifecycle.waves import finishing
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.spine import driving


@pytest.mark.django_db
def test_an_answer_that_comes_during_the_fit_has_the_wave_weighed_again(monkeypatch):
    """P-18: scores that miss an answer decide nothing."""
    one = driving.started(batch(6))
    driving.judge(one)

    def overtaken(batch):
        measurement = measure(batch)
        driving.record(one)
        return measurement

    with monkeypatch.context() as patched:
        patched.setattr(finishing, "measure", overtaken)
        wave = driving.weigh(one)
    assert one.completed == 15
    assert (one.status, wave.finished_round, wave.decision) == ("COMPARING", 0, "")
    driving.weigh(one)
    assert (one.status, one.stop_reason) == ("SCORING", "coverage_complete")


@pytest.mark.django_db
@pytest.mark.parametrize(("lost", "too_few"), [(0, False), (1, True)])
def test_errors_are_no_evidence_that_scores_have_settled(monkeypatch, lost, too_few):
    """P-12: 12 answers, of which 11 have a winner, are fewer than the 12 successes needed."""
    # One wave, and a judge that answers calls.
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1, BATCH_API_MODE="disabled")
    judges.put_in(monkeypatch, judges.without(*range(lost)))
    one = driving.answered(
        driving.started(
            batch(
                4,
                overrides={
                    "llm_batching_mode_override": "provider_batch_api",
                    "judgements_per_pair": 2,
                },
            )
        )
    )
    assert (one.callbacks, one.completed) == (12, 12 - lost)
    assert any("12 needed" in reason for reason in measure(one).unsettled) == too_few
