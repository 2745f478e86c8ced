"""The mock judge: a simulated judge that knows, or guesses, how good each text is.

The judging itself is in `latent_quality`; here it is put behind the seam of a provider.
"""

import hashlib
import json

from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.models import MockJudge
from llmprovider.prompting.prompts import ANSWER_SCHEMA, ParsedPrompt, parse_prompt
from llmprovider.prompting.tokens import ASCII_CHARS_PER_TOKEN, estimate_tokens
from llmprovider.providers.base import ProviderError, ProviderRequest, ProviderResponse, Stop
from llmprovider.providers.latent_quality import (
    LatentJudge,
    UnknownText,
    as_answer,
    judged,
    text_hashes,
)
from llmprovider.providers.mock_judges import DEFAULT_MODEL, default_judge


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


def _answer(row: MockJudge, prompt: ParsedPrompt, request: ProviderRequest) -> str:
    judge = LatentJudge(row.seed, row.slope, row.position_bias, row.truth)
    try:
        return as_answer(judged(judge, prompt, text_hashes(prompt), request.occasions))
    except UnknownText as error:
        raise _refusal(
            f"the truth table of mock judge {row.model!r} has no text with sha256 "
            f"{error.sha256[:12]}..."
        ) from None


def _request_id(request: ProviderRequest, text: str) -> str:
    parts = json.dumps([request.model, request.system, request.user, text])
    return f"mock-{hashlib.sha256(parts.encode()).hexdigest()[:24]}"


def _refusal(message: str) -> ProviderError:
    return ProviderError(ErrorType.INVALID_REQUEST, message)
