"""Requests for batches, and batches worked to their end without a worker."""

from typing import Any

from assessment.lifecycle import finalising, starting
from assessment.lifecycle.waves import finishing, recording
from assessment.models import Batch
from llmprovider.calls.processing import process
from llmprovider.models import Bundle

SCALE = ["F", "E", "D", "C", "B", "A"]
JUDGE = {"provider": "mock", "model": "latent-quality"}
SECRET = "Zanzibar"  # stands in every essay, and must stand in no answer


def essay(number: int, **changes: Any) -> dict[str, Any]:
    text = f"{SECRET} {number} has schools. " + "They are good for us. " * (number + 3)
    return {"name": f"student_{number}", "text": text, **changes}


def anchor(number: int) -> dict[str, Any]:
    text = essay(number)["text"].replace("schools", "good schools")
    name = f"anchor_{number}"
    return essay(number, name=name, text=text, role="anchor", known_grade=SCALE[number])


def request(**changes: Any) -> dict[str, Any]:
    """A small batch that can be created as it stands."""
    asked = {
        "label": "spring",
        "assignment": "schools",
        "task": "Write about schools.",
        "rubric": "Better arguments are better.",
        "grade_scale": SCALE,
        "essays": [essay(number) for number in range(5)],
        "judges": [JUDGE],
        "batch_config_overrides": {"seed": 7},
        **changes,
    }
    return {name: value for name, value in asked.items() if value is not None}


def work(batch_id: int) -> Batch:
    """Do in this thread what the workers would: start, judge, record, weigh, finalise."""
    starting.start(batch_id)
    batch = Batch.objects.get(pk=batch_id)
    while batch.status == Batch.Status.COMPARING:
        wave = batch.waves.order_by("-number").first()
        for bundle in Bundle.objects.filter(batch_key=str(batch_id)).order_by("created_at"):
            process(str(bundle.pk))
            recording.record_parcel(str(bundle.pk))
        finishing.finish_wave(batch_id, wave.number, wave.round)
        batch.refresh_from_db()
    finalising.finalise(batch_id)
    batch.refresh_from_db()
    return batch
