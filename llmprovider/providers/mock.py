"""The mock judge: a simulated judge that knows, or guesses, how good each text is.

Latent-quality model (Bradley & Terry, 1952, with a position effect):
P(first wins) = logistic(slope * (quality of first - quality of second) + position bias).
Every draw is a hash, so the same question has the same answer in any process, order or bundle.
"""

import hashlib
import json
import math

from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.mock_judges import DEFAULT_MODEL, default_judge
from llmprovider.models import MockJudge
from llmprovider.prompts import ANSWER_SCHEMA, ParsedPrompt, parse_prompt
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse, Stop
from llmprovider.providers.text_qualities import quality_of
from llmprovider.tokens import ASCII_CHARS_PER_TOKEN, estimate_tokens

# |logit| from which the judge is sure to degree 2, 3, 4, 5: odds of about 2, 4.5, 20 and 150 to 1.
_CONFIDENCE_FROM = (0.7, 1.5, 3.0, 5.0)

_REASONS = (
    "Very close: the {winner} text reads a little more smoothly.",
    "Close: the {winner} text gives somewhat more support for its points.",
    "The {winner} text is better organised and develops its points further.",
    "The {winner} text is clearly stronger in content, structure and language.",
    "The {winner} text is far stronger in every respect.",
)
_UPSET = "Against the first impression, the {winner} text convinces more as a whole."


class MockProvider:
    """Answers like a provider, from the prompt alone and without a network."""

    def call(self, request: ProviderRequest) -> ProviderResponse:
        """One answer for all comparisons of the prompt.

        Cut off, as a provider would, where it needs more than `request.max_tokens`. Raises
        ProviderError (`invalid_request`) for an unknown model, a prompt or schema of another form,
        and a text that is not in the judge's truth table.
        """
        judge = _judge(request.model)
        try:
            prompt = parse_prompt(request.user)
        except ValueError as error:
            raise _refusal(str(error)) from None
        if request.schema != ANSWER_SCHEMA:
            raise _refusal("the schema of the answer is not the one the mock judge writes")

        text = _answer(judge, prompt, request)
        stop = Stop.END
        if estimate_tokens(text) > request.max_tokens:
            stop, text = Stop.MAX_TOKENS, text[: int(request.max_tokens * ASCII_CHARS_PER_TOKEN)]
        usage = TokenUsage(
            input=estimate_tokens(request.system) + estimate_tokens(request.user),
            output=estimate_tokens(text),
        )
        return ProviderResponse(text, stop, usage, request.model, _request_id(request, text))


def _judge(model: str) -> MockJudge:
    judge = MockJudge.objects.filter(pk=model).first()
    if judge is None and model == DEFAULT_MODEL:
        return default_judge()
    if judge is None:
        raise _refusal(f"there is no mock judge {model!r}; the standard one is {DEFAULT_MODEL!r}")
    return judge


def _answer(judge: MockJudge, prompt: ParsedPrompt, request: ProviderRequest) -> str:
    shas = {
        label: hashlib.sha256(text.encode("utf-8")).hexdigest()
        for label, text in prompt.texts.items()
    }
    qualities = {label: _quality(judge, shas[label], text) for label, text in prompt.texts.items()}
    entries = []
    for pair in prompt.comparisons:
        logit = judge.slope * (qualities[pair.first] - qualities[pair.second]) + judge.position_bias
        occasion = request.occasions.get(pair.item, "1")
        drawn = _uniform(judge.seed, shas[pair.first], shas[pair.second], occasion)
        winner = "first" if drawn < _logistic(logit) else "second"
        upset = (winner == "first") != (logit >= 0)
        # Whoever decides against the odds is not sure of it.
        confidence = 1 if upset else 1 + sum(abs(logit) >= step for step in _CONFIDENCE_FROM)
        reason = _UPSET if upset else _REASONS[confidence - 1]
        entries.append(
            {
                "item": pair.item,
                "winner": winner,
                "confidence": confidence,
                "justification": reason.format(winner=winner),
            }
        )
    return json.dumps({"comparisons": entries}, separators=(",", ":"))


def _quality(judge: MockJudge, sha: str, text: str) -> float:
    """In grade steps."""
    if judge.truth is None:
        return quality_of(text)
    if sha not in judge.truth:
        raise _refusal(
            f"the truth table of mock judge {judge.model!r} has no text with sha256 {sha[:12]}..."
        )
    return float(judge.truth[sha])


def _uniform(seed: int, first: str, second: str, occasion: str) -> float:
    """A number in [0, 1) that depends on nothing but the arguments; the order is part of them."""
    digest = hashlib.sha256(f"{seed}\0{first}\0{second}\0{occasion}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def _logistic(logit: float) -> float:
    # tanh does not overflow, and makes P(x) + P(-x) exactly 1 but for rounding.
    return 0.5 + 0.5 * math.tanh(logit / 2)


def _request_id(request: ProviderRequest, text: str) -> str:
    parts = json.dumps([request.model, request.system, request.user, text])
    return f"mock-{hashlib.sha256(parts.encode()).hexdigest()[:24]}"


def _refusal(message: str) -> ProviderError:
    return ProviderError(ErrorType.INVALID_REQUEST, message)
