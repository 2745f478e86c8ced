"""Run documents for tests: made from a seed, with every count consistent."""

import hashlib
import math
import random
from typing import Any

from scipy.special import ndtr

SCALE = ["F", "E", "D", "C", "B", "A"]
STEP = 0.9  # logits between two grades
CHECKS = (
    "judges",
    "order_agreement",
    "triads",
    "split_half",
    "split_half_by_judges",
    "field",
    "surprises",
    "anchor_checks",
    "not_computed",
)
WORDS = (
    "The argument is developed step by step and the examples fit.",
    "Vocabulary is wider and the sentences are better joined.",
    "It stays closer to the task and ends with a clear point.",
)


def run_document(
    *, students: int = 24, anchors: int = 9, waves: int = 6, seed: int = 1, mock: bool = True
) -> dict[str, Any]:
    """A finished run: true qualities on the logit scale, verdicts drawn from them, and scores
    that approach the qualities as comparisons gather.

    Args:
        students, anchors, waves: numbers; anchors run from F to A, a wave gives each essay two.
    """
    rng = random.Random(seed)
    files, quality = _essays(students, anchors, rng)
    names = [file["name"] for file in files]
    comparisons, wave_rows = _judged(names, quality, waves, rng)
    results = _results(files, wave_rows[-1]["scores"], comparisons)
    budget = max(1000, len(comparisons))
    completed = sum(1 for row in comparisons if row["winner"])
    calls = _calls(waves, len(names), rng)
    totals = {
        "calls": len(calls),
        "input_tokens": sum(call["input_tokens"] for call in calls),
        "output_tokens": sum(call["output_tokens"] for call in calls),
        "usd": round(sum(call["cost_usd"] for call in calls), 6),
    }
    judge = {"provider": "mock", "model": "latent-quality-1", **totals}
    return {
        "run": {
            "label": "Spring trial, class 9B",
            "command": "manage.py eng5 execute --anchors anchors --students students",
            "started_at": "2026-03-02T09:00:00Z",
            "finished_at": "2026-03-02T09:04:12Z",
            "schema_version": 1,
        },
        "inputs": {
            "grade_scale": SCALE if anchors else [],
            "files": files,
            "task": {"name": "task.md", "sha256": _sha("task")},
            "rubric": {"name": "rubric.md", "sha256": _sha("rubric")},
            "system_prompt": None,
            "mock_truth": {"name": "grades.csv", "sha256": _sha("truth")} if mock else None,
        },
        "settings": {
            "seed": seed,
            "pairing_strategy": "blocks",
            "SCORE_STABILITY_THRESHOLD": 0.2,
            "judges": ["mock:latent-quality-1"],
        },
        "batch": {
            "id": 17,
            "status": "COMPLETED",
            "stop_reason": "stable",
            "llm_batching_mode": "serial_bundle",
            "mock": mock,
            "total_budget": budget,
            "completion_denominator": min(budget, len(names) * (len(names) - 1) // 2),
            "submitted": len(comparisons),
            "completed": completed,
            "failed": len(comparisons) - completed,
            "waves": waves,
        },
        "waves": wave_rows,
        "comparisons": comparisons,
        "results": results,
        "measurement": {**_measurement(results, anchors), **_checks(results, comparisons)},
        "calls": calls,
        "cost": {**totals, "currency": "USD", "by_judge": [judge]},
        "warnings": [],
        "versions": {"python": "3.11.9", "essay-judge": "0.1.0", "numpy": "2.3.1"},
    }


def renamed(document: dict[str, Any], start: str) -> dict[str, Any]:
    """The same run with every file name lengthened by `start`."""
    for file in document["inputs"]["files"]:
        file["name"] = start + file["name"]
    for wave in document["waves"]:
        wave["scores"] = {start + name: score for name, score in wave["scores"].items()}
    for row in document["comparisons"]:
        row["essay_a"], row["essay_b"] = start + row["essay_a"], start + row["essay_b"]
    for result in document["results"]:
        result["essay"] = start + result["essay"]
    measurement = document["measurement"]
    for rows, keys in (
        (measurement["anchor_inversions"], ("higher_grade_essay", "lower_grade_essay")),
        (measurement["surprises"], ("winner", "loser")),
        (measurement["anchor_checks"], ("essay",)),
    ):
        for row in rows:
            for key in keys:
                row[key] = start + row[key]
    return document


def without_checks(document: dict[str, Any]) -> dict[str, Any]:
    """The same run as recorded before judges, misfit and surprises were."""
    for result in document["results"]:
        for key in ("infit", "outfit", "eps_theta", "eps_se", "component", "review"):
            del result[key]
    for key in CHECKS:
        del document["measurement"][key]
    return document


def _sha(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def _essays(
    students: int, anchors: int, rng: random.Random
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    files: list[tuple[str, str, str | None]] = []
    quality: dict[str, float] = {}
    for number in range(1, anchors + 1):
        step = (number - 1) * (len(SCALE) - 1) / max(anchors - 1, 1)
        grade = SCALE[round(step)]
        name = f"anchor_{number:03}_{grade}.txt"
        quality[name] = STEP * (round(step) - 2.5) + rng.gauss(0, 0.15)
        files.append((name, "anchor", grade))
    for number in range(1, students + 1):
        name = f"student_{number:03}.txt"
        quality[name] = rng.gauss(0, 1.5)
        grade = SCALE[min(5, max(0, round(quality[name] / STEP + 2.5)))]
        files.append((name, "student", grade if anchors and number % 3 else None))
    return [
        {
            "name": name,
            "role": role,
            "sha256": _sha(name),
            "words": rng.randint(180, 420),
            "known_grade": grade,
        }
        for name, role, grade in files
    ], quality


def _judged(
    names: list[str], quality: dict[str, float], waves: int, rng: random.Random
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    comparisons: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    noise = {name: rng.gauss(0, 1) for name in names}
    for wave in range(1, waves + 1):
        order = rng.sample(names, len(names))
        for first, second in zip(order, order[1:] + order[:1], strict=True):
            won = rng.random() < 1 / (1 + math.exp(quality[second] - quality[first]))
            comparisons.append(_comparison(len(comparisons), wave, first, second, won, rng))
        noise = {name: 0.8 * value + rng.gauss(0, 0.3) for name, value in noise.items()}
        spread = 1.6 / math.sqrt(2 * wave)
        raw = {name: quality[name] + spread * noise[name] for name in names}
        mean = sum(raw.values()) / len(raw)
        scores = {name: value - mean for name, value in raw.items()}
        last = wave == waves
        before = rows[-1]["scores"] if rows else None
        rows.append(
            {
                "number": wave,
                "kind": "coverage",
                "size": len(names),
                "successes": sum(1 for row in comparisons if row["wave"] == wave and row["winner"]),
                "decision": "FINALIZE_SCORING" if last else "REQUEST_MORE",
                "reason": "stable" if last else "scores are still moving",
                "max_score_change": max(abs(scores[name] - before[name]) for name in names) / 3
                if before
                else None,
                "reliability": None if wave == 1 else 1 - 0.5 / wave,
                "scores": scores,
            }
        )
    return comparisons, rows


def _comparison(
    index: int, wave: int, first: str, second: str, won: bool, rng: random.Random
) -> dict[str, Any]:
    failed = index % 61 == 60
    correlation_id = f"00000000-0000-4000-8000-{index:012}"
    error = {
        "code": "TIMEOUT",
        "message": "no answer within 120 s",
        "error_type": "timeout",
        "retryable": True,
    }
    return {
        "correlation_id": correlation_id,
        "wave": wave,
        "essay_a": first,
        "essay_b": second,
        "winner": None if failed else "essay_a" if won else "essay_b",
        "confidence": None if failed else rng.randint(2, 5),
        "justification": None if failed else rng.choice(WORDS),
        "provider": "mock",
        "model": "latent-quality-1",
        "error": error if failed else None,
        "metadata": {"request_correlation_id": correlation_id},
    }


def _results(
    files: list[dict[str, Any]], scores: dict[str, float], comparisons: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    judged = [row for row in comparisons if row["winner"]]
    graded = any(file["role"] == "anchor" for file in files)
    rows = []
    for file in files:
        name = file["name"]
        first = sum(1 for row in judged if row["essay_a"] == name)
        second = sum(1 for row in judged if row["essay_b"] == name)
        wins = sum(1 for row in judged if row[row["winner"]] == name)
        se = 2.0 / math.sqrt(first + second + 2)
        shares = _probabilities(scores[name], se)
        likeliest = max(shares, key=lambda label: shares[label])
        top = shares[likeliest]
        confidence = "HIGH" if top > 0.75 else "MID" if top > 0.5 else "LOW"
        grade = file["known_grade"] if file["role"] == "anchor" else likeliest
        rows.append(
            {
                "essay": name,
                "role": file["role"],
                "rank": None,
                "score": scores[name],
                "se": se,
                "comparisons": first + second,
                "wins": wins,
                "grade": grade if graded else None,
                "grade_probabilities": shares if graded else None,
                "grade_confidence": confidence if graded else None,
                "beyond": "above_highest" if graded and scores[name] > STEP * 3.2 else None,
                "known_grade": file["known_grade"],
                "essay_a_count": first,
                "essay_b_count": second,
                "infit": 1.0 if first + second else None,
                "outfit": 0.9 if first + second else None,
                "eps_theta": 1.1 * scores[name],
                "eps_se": 0.9 * se,
                "component": 0,
                "review": ["near_boundary"] if confidence == "LOW" and graded else [],
            }
        )
    for row in rows[:: max(1, len(rows) // 5)]:
        row["infit"] = 2.1
        row["review"] = ["misfit", *row["review"]]
    ranked = sorted((row for row in rows if row["role"] == "student"), key=lambda r: -r["score"])
    for place, row in enumerate(ranked, start=1):
        row["rank"] = place
    return rows


def _probabilities(score: float, se: float) -> dict[str, float]:
    cuts = [STEP * (index - 2) for index in range(len(SCALE) - 1)]
    below = [0.0, *(float(ndtr((cut - score) / se)) for cut in cuts), 1.0]
    return {label: below[i + 1] - below[i] for i, label in enumerate(SCALE)}


def _measurement(results: list[dict[str, Any]], anchors: int) -> dict[str, Any]:
    placed = [row for row in results if row["role"] == "anchor"]
    inversions = [
        {"higher_grade_essay": high["essay"], "lower_grade_essay": low["essay"]}
        for low in placed
        for high in placed
        if SCALE.index(high["known_grade"]) > SCALE.index(low["known_grade"])
        and high["score"] < low["score"]
    ]
    return {
        "reliability": 0.86,
        "reliability_low": 0.78,
        "reliability_high": 0.91,
        "reliability_reason": None,
        "sigma": 1.5,
        "components": 1,
        "position_effect": {"gamma": 0.31, "se": 0.12},
        "boundaries": [
            {"lower": low, "upper": high, "logit": STEP * (index - 2), "se": 0.2}
            for index, (low, high) in enumerate(zip(SCALE, SCALE[1:], strict=False))
        ]
        if anchors
        else [],
        "anchor_inversions": inversions,
        "agreement": {
            "n": 16,
            "exact": {"value": 0.56, "low": 0.31, "high": 0.81},
            "adjacent": {"value": 0.94, "low": 0.81, "high": 1.0},
            "qwk": {"value": 0.82, "low": 0.6, "high": 0.93},
            "tau_b": {"value": 0.74, "low": 0.55, "high": 0.88},
            "mean_signed_difference": {"value": -0.12, "low": -0.4, "high": 0.2},
        }
        if anchors
        else None,
    }


def _checks(results: list[dict[str, Any]], comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    scores = {row["essay"]: row["score"] for row in results}
    surprises = []
    for row in comparisons:
        if row["winner"] is None:
            continue
        loser = "essay_b" if row["winner"] == "essay_a" else "essay_a"
        chance = 1 / (1 + math.exp(scores[row[loser]] - scores[row[row["winner"]]]))
        if chance < 0.2:
            surprises.append(
                {
                    "correlation_id": row["correlation_id"],
                    "winner": row[row["winner"]],
                    "loser": row[loser],
                    "judge": "mock:latent-quality-1",
                    "probability": chance,
                    "bits": -math.log2(chance),
                }
            )
    surprises.sort(key=lambda row: row["probability"])
    split = {"correlation": 0.75, "stepped_up": 0.857, "low": 0.8, "high": 0.9, "repeats": 50}
    return {
        "judges": [
            {
                "judge": f"mock:latent-quality-{number}",
                "comparisons": 80,
                "agreement": 0.8,
                "expected_agreement": 0.79,
                "infit": 1.02 if number < 3 else 1.61,
                "outfit": 0.97,
                "first_share": 0.55,
                "misfits": number == 3,
            }
            for number in (1, 2, 3)
        ],
        "order_agreement": {
            "pairs": 40,
            "agreement": 0.85,
            "low": 0.71,
            "high": 0.93,
            "first_share": 0.55,
        },
        "triads": {"complete": 1240, "circular": 50, "share": 50 / 1240},
        "split_half": split,
        "split_half_by_judges": None,
        "field": {"eps": 0.3, "ssr_mle": 0.88, "ssr_g": 0.89, "separation_g": 2.84},
        "surprises": surprises[:20],
        "anchor_checks": [
            {
                "essay": row["essay"],
                "known_grade": row["known_grade"],
                "projected_grade": None if place == 0 else row["known_grade"],
                "steps": None if place == 0 else 0,
                "probability": None if place == 0 else 0.6,
            }
            for place, row in enumerate(row for row in results if row["role"] == "anchor")
        ],
        "not_computed": [],
    }


def _calls(waves: int, essays: int, rng: random.Random) -> list[dict[str, Any]]:
    calls = []
    for index in range(waves * math.ceil(essays / 28)):
        failed = index % 7 == 3
        read, written = rng.randint(6000, 9000), 0 if failed else rng.randint(900, 1300)
        calls.append(
            {
                "provider": "mock",
                "model": "latent-quality-1",
                "items": min(28, essays),
                "input_tokens": read,
                "output_tokens": written,
                "cost_usd": 0.0 if failed else round(read * 3e-6 + written * 15e-6, 6),
                "attempt": 1,
                "error_type": "timeout" if failed else None,
            }
        )
    return calls
