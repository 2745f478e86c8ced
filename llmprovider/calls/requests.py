"""What a bundle's call needs and sends: its size before, its prompt when it is made."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings as django_settings

from llmprovider.calls.prefixes import Prefix, kept_prefix
from llmprovider.contracts import Instructions, Overrides, TokenUsage
from llmprovider.contracts.models import answer_tokens, known_model
from llmprovider.models import Bundle, QueueItem
from llmprovider.prompting.prompts import Comparison, Prompt, build_prompt, system_text
from llmprovider.prompting.tokens import estimate_tokens, input_tokens
from llmprovider.providers.base import ProviderRequest


@dataclass(frozen=True)
class CallSize:
    """Most tokens that a call can take, by price class, and the prefix a provider is to keep."""

    most: TokenUsage
    prefix: Prefix | None


def judge_of(bundle: Bundle) -> Overrides:
    """Who judges the bundle, and with which parameters."""
    return Overrides.model_validate(bundle.overrides)


def instructions_of(bundle: Bundle) -> Instructions:
    """What the judge is told besides the texts."""
    texts = bundle.instructions
    return Instructions(system_prompt=texts.system_prompt, task=texts.task, rubric=texts.rubric)


def size_of(bundle: Bundle, item_ids: Sequence[UUID]) -> CallSize:
    """The size of a call with these items of the bundle, without reading their texts."""
    tokens: dict[str, int] = {}
    for first, of_first, second, of_second in QueueItem.objects.filter(pk__in=item_ids).values_list(
        "first_id", "first__tokens", "second_id", "second__tokens"
    ):
        tokens |= {first: of_first, second: of_second}
    return size_with(bundle, tokens, len(item_ids))


def size_of_read(bundle: Bundle, items: Sequence[QueueItem]) -> CallSize:
    """The same for items that have been read with their documents."""
    tokens: dict[str, int] = {}
    for item in items:
        tokens |= {item.first_id: item.first.tokens, item.second_id: item.second.tokens}
    return size_with(bundle, tokens, len(items))


def size_with(bundle: Bundle, tokens: Mapping[str, int], count: int) -> CallSize:
    """The size of a call with `count` of the bundle's items; `tokens` of each of their texts."""
    judge = judge_of(bundle)
    system = system_text(instructions_of(bundle), judge.system_prompt)
    system_tokens = estimate_tokens(system)
    prefix = kept_prefix(bundle.provider, bundle.model, system)
    written = prefix.tokens if prefix else 0
    return CallSize(
        TokenUsage(
            input=input_tokens(system_tokens, sum(tokens.values()), len(tokens), count),
            output=answer_tokens(known_model(bundle.provider, bundle.model), judge, count),
            cache_write=written,
            cache_write_1h=written if prefix and prefix.ttl == "1h" else 0,
        ),
        prefix,
    )


def prompt_for(bundle: Bundle, items: Sequence[QueueItem]) -> Prompt:
    """The prompt of the call: the same when a crashed call is made again."""
    # Unguessable for an essay's author.
    secret = hmac.new(
        django_settings.SECRET_KEY.encode(),
        f"{bundle.pk}:{max(item.attempts for item in items)}".encode(),
        hashlib.sha256,
    ).hexdigest()
    return build_prompt(
        [
            Comparison(item.first_id, item.first.text, item.second_id, item.second.text)
            for item in items
        ],
        instructions_of(bundle),
        system_prompt=judge_of(bundle).system_prompt,
        nonce=secret[:16],
        seed=secret[16:],
    )


def request_for(
    bundle: Bundle, items: Sequence[QueueItem], prompt: Prompt, size: CallSize
) -> ProviderRequest:
    """What the provider gets."""
    judge = judge_of(bundle)
    return ProviderRequest(
        provider=bundle.provider,
        model=bundle.model,
        system=prompt.system,
        user=prompt.user,
        schema=prompt.schema,
        max_tokens=answer_tokens(known_model(bundle.provider, bundle.model), judge, len(items)),
        temperature=judge.temperature,
        reasoning_effort=judge.reasoning_effort,
        output_verbosity=judge.output_verbosity,
        cache_ttl=size.prefix.ttl if size.prefix else None,
        occasions={
            name: f"{item.occasion}.{item.attempts}"
            for name, item in zip(prompt.items, items, strict=True)
        },
    )
