"""How many jobs some comparisons will make, before anything is stored."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from llmprovider.contracts import ComparisonRequest
from llmprovider.contracts.models import answer_tokens, known_model
from llmprovider.jobs.splitting import split
from llmprovider.prompting.prompts import Comparison, build_prompt
from llmprovider.providers.base import ProviderRequest
from llmprovider.providers.registry import batch_provider_for

# Around a text, and of a comparison's line: as when jobs are planned.
_TEXT_FRAME: Final = 130
_LINE: Final = 40


def jobs_needed(calls: Iterable[Sequence[ComparisonRequest]]) -> int:
    """Jobs that the providers' limits make of these requests; each is given by its comparisons."""
    texts: dict[str, int] = {}
    frames: dict[tuple[object, ...], int] = {}
    sizes: dict[tuple[str, str], list[int]] = {}
    for call in calls:
        lead = call[0]
        inside = _LINE * len(call)
        for text in {document.text for one in call for document in (one.first, one.second)}:
            if text not in texts:
                texts[text] = len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))
            inside += texts[text] + _TEXT_FRAME
        key = (lead.overrides, lead.instructions)
        if key not in frames:
            frames[key] = max(0, _line_bytes(call) - inside)
        judge = (lead.overrides.provider, lead.overrides.model)
        sizes.setdefault(judge, []).append(frames[key] + inside)
    return sum(_parts(provider, requests) for (provider, _), requests in sizes.items())


def _parts(provider: str, sizes: Sequence[int]) -> int:
    limits = batch_provider_for(provider, _no_requests).limits
    return len(split(sizes, most_requests=limits.requests, most_bytes=limits.input_bytes))


def _no_requests(marker: str) -> list[tuple[str, ProviderRequest]]:
    return []


def _line_bytes(call: Sequence[ComparisonRequest]) -> int:
    """Of one request as the provider gets it."""
    lead = call[0]
    judge = lead.overrides
    prompt = build_prompt(
        [
            Comparison(one.first.text, one.first.text, one.second.text, one.second.text)
            for one in call
        ],
        lead.instructions,
        system_prompt=judge.system_prompt,
        nonce="0" * 16,
        seed="",
    )
    request = ProviderRequest(
        provider=judge.provider,
        model=judge.model,
        system=prompt.system,
        user=prompt.user,
        schema=prompt.schema,
        max_tokens=answer_tokens(known_model(judge.provider, judge.model), judge, len(call)),
        temperature=judge.temperature,
        reasoning_effort=judge.reasoning_effort,
        output_verbosity=judge.output_verbosity,
    )
    line = batch_provider_for(judge.provider, _no_requests).line(str(lead.correlation_id), request)
    return len(line)
