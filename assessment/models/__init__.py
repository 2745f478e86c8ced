"""State of the comparative judgement: assignments, batches, essays, waves, pairs, grades."""

from assessment.models.assignments import Anchor, Assignment
from assessment.models.batches import Batch
from assessment.models.deliveries import EventDelivery
from assessment.models.essays import Essay, GradeProjection
from assessment.models.events import OutgoingEvent
from assessment.models.heartbeats import Heartbeat
from assessment.models.pairs import ComparisonPair, PairAttempt
from assessment.models.waves import Wave

__all__ = [
    "Anchor",
    "Assignment",
    "Batch",
    "ComparisonPair",
    "Essay",
    "EventDelivery",
    "GradeProjection",
    "Heartbeat",
    "OutgoingEvent",
    "PairAttempt",
    "Wave",
]
