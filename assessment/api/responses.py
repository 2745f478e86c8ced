"""What is told about a batch, its results and its comparisons. No essay text."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from assessment.api.parts import (
    CostTold,
    JobTold,
    JudgeTold,
    LinksTold,
    NullIfBlank,
    TroubleTold,
    WarningTold,
)
from assessment.lifecycle.costs import cost_so_far
from assessment.lifecycle.jobs import jobs_of
from assessment.lifecycle.troubles import trouble_document, troubles_of
from assessment.models import Batch, ComparisonPair, Essay


class BatchSummarySerializer(serializers.ModelSerializer[Batch]):
    """A batch in a list."""

    assignment = serializers.CharField(source="assignment.label")
    progress = serializers.FloatField(help_text="Answered share of completion_denominator, 0 to 1.")
    pending = serializers.IntegerField(help_text="Sent and not answered yet.")
    links = serializers.SerializerMethodField()

    class Meta:
        model = Batch
        fields = [
            "id",
            "label",
            "assignment",
            "bos_batch_id",
            "cj_source",
            "request_correlation_id",
            "status",
            "stop_reason",
            "failure",
            "llm_batching_mode",
            "mock",
            "total_budget",
            "completion_denominator",
            "submitted",
            "completed",
            "failed",
            "pending",
            "progress",
            "created_at",
            "completed_at",
            "links",
        ]
        read_only_fields = fields

    @extend_schema_field(LinksTold)
    def get_links(self, batch: Batch) -> dict[str, str]:
        request = self.context["request"]
        return {
            name: reverse(f"api:batch-{route}", args=[batch.pk], request=request)
            for name, route in _ROUTES.items()
        }


_ROUTES = {
    "self": "detail",
    "results": "results",
    "results_csv": "results-csv",
    "report": "report",
    "run": "run",
    "pairs": "pairs",
    "cancel": "cancel",
}


class BatchSerializer(BatchSummarySerializer):
    """A batch by itself: with how it is judged, what it cost and what to be wary of."""

    judges = JudgeTold(many=True)
    warnings = WarningTold(many=True)
    waves = serializers.IntegerField(source="waves.count")
    cost = serializers.SerializerMethodField()
    jobs = serializers.SerializerMethodField(
        help_text="Jobs at providers' batch services; empty in the live modes."
    )
    troubles = serializers.SerializerMethodField(
        help_text="What keeps the batch waiting at its providers; empty where all is well."
    )

    class Meta(BatchSummarySerializer.Meta):
        fields = [
            *BatchSummarySerializer.Meta.fields,
            "pairing_strategy",
            "judgements_per_pair",
            "seed",
            "grade_scale",
            "judges",
            "waves",
            "cost",
            "jobs",
            "troubles",
            "warnings",
        ]
        read_only_fields = fields

    @extend_schema_field(CostTold)
    def get_cost(self, batch: Batch) -> dict[str, Any]:
        return cost_so_far(batch)

    @extend_schema_field(JobTold(many=True))
    def get_jobs(self, batch: Batch) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = JobTold(jobs_of(batch), many=True).data
        return told

    @extend_schema_field(TroubleTold(many=True))
    def get_troubles(self, batch: Batch) -> list[dict[str, Any]]:
        return [trouble_document(trouble) for trouble in troubles_of(batch)]


class SignTold(serializers.Serializer[Any]):
    code = serializers.CharField()
    words = serializers.CharField()
    count = serializers.IntegerField()


class EssayResultSerializer(serializers.ModelSerializer[Essay]):
    """Where the judging put one essay; scores in logits, null where there is none."""

    essay = serializers.CharField(source="name")
    known_grade = NullIfBlank(allow_null=True)
    rank = serializers.IntegerField(
        source="projection.rank", default=None, allow_null=True, help_text="Anchors have none."
    )
    score = serializers.FloatField(source="projection.score", default=None, allow_null=True)
    se = serializers.FloatField(source="projection.se", default=None, allow_null=True)
    comparisons = serializers.IntegerField(source="projection.comparisons", default=0)
    wins = serializers.IntegerField(source="projection.wins", default=0)
    grade = serializers.CharField(source="projection.grade", default=None, allow_null=True)
    grade_probabilities = serializers.DictField(
        source="projection.grade_probabilities",
        child=serializers.FloatField(allow_null=True),
        default=None,
        allow_null=True,
        help_text="null for a grade below or above all that anchors hold: nothing is known of it, "
        "and the outermost anchored grade means this or lower (or higher).",
    )
    grade_confidence = NullIfBlank(
        source="projection.grade_confidence", default=None, allow_null=True
    )
    beyond = NullIfBlank(source="projection.beyond", default=None, allow_null=True)
    infit = serializers.SerializerMethodField(help_text="1 is expected; high: verdicts disagree.")
    outfit = serializers.SerializerMethodField(help_text="As infit, moved more by single verdicts.")
    review = serializers.SerializerMethodField(help_text="Why a person should look at the essay.")
    warning_signs = SignTold(
        many=True, help_text="What in the text looks as if it were written to sway the judge."
    )

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_infit(self, essay: Essay) -> float | None:
        return self._found(essay).get("infit")

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_outfit(self, essay: Essay) -> float | None:
        return self._found(essay).get("outfit")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_review(self, essay: Essay) -> list[str]:
        return list(self._found(essay).get("review", []))

    def _found(self, essay: Essay) -> dict[str, Any]:
        """What the diagnosis of the batch found about the essay; it has one entry per position."""
        found: list[dict[str, Any]] = self.context.get("diagnosis", [])
        return found[essay.position] if essay.position < len(found) else {}

    class Meta:
        model = Essay
        fields = [
            "essay",
            "role",
            "known_grade",
            "rank",
            "score",
            "se",
            "comparisons",
            "wins",
            "grade",
            "grade_probabilities",
            "grade_confidence",
            "beyond",
            "infit",
            "outfit",
            "review",
            "warning_signs",
        ]


class PairSerializer(serializers.ModelSerializer[ComparisonPair]):
    """One comparison; `essay_a` was shown first. A winner or an error, never both."""

    wave = serializers.IntegerField(source="wave.number")
    essay_a = serializers.CharField(source="essay_a.name")
    essay_b = serializers.CharField(source="essay_b.name")
    winner = NullIfBlank(allow_null=True)
    error = serializers.DictField(allow_null=True, help_text="What went wrong, as an ErrorDetail.")
    cost_usd = serializers.FloatField()

    class Meta:
        model = ComparisonPair
        fields = [
            "correlation_id",
            "wave",
            "essay_a",
            "essay_b",
            "status",
            "winner",
            "confidence",
            "justification",
            "error",
            "provider",
            "model",
            "attempts",
            "cost_usd",
            "created_at",
            "completed_at",
        ]


class ResultsTold(serializers.Serializer[Any]):
    """The results of a finished batch, students by rank, then anchors by score."""

    batch = serializers.IntegerField(source="pk")
    status = serializers.CharField()
    stop_reason = serializers.CharField()
    mock = serializers.BooleanField(help_text="A simulated judge took part: not real grades.")
    grade_scale = serializers.ListField(child=serializers.CharField())
    warnings = WarningTold(many=True)
    measurement = serializers.DictField(
        source="result.measurement",
        default=None,
        allow_null=True,
        help_text="Reliability, spread of the scores, grade boundaries, anchors out of order.",
    )
    results = serializers.SerializerMethodField()

    @extend_schema_field(EssayResultSerializer(many=True))
    def get_results(self, batch: Batch) -> list[dict[str, Any]]:
        essays = list(batch.essays.select_related("projection").defer("text"))
        context = {"diagnosis": (batch.result or {}).get("essays", [])}
        told: list[dict[str, Any]] = EssayResultSerializer(essays, many=True, context=context).data
        return sorted(told, key=_place)


def _place(told: dict[str, Any]) -> tuple[bool, bool, float, str]:
    score = told["score"]
    return (
        told["role"] != Essay.Role.STUDENT,
        score is None,
        -score if score is not None else 0.0,
        told["essay"],
    )
