"""Prompt caching: the first call of a prefix is made alone, so that the others find it kept.

Calls sent together would each pay for writing the same instructions to the provider's cache.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db.models import Q

from llmprovider.conf import get_settings
from llmprovider.contracts.models import Api, known_model
from llmprovider.costs.call_plans import sha256_of
from llmprovider.models import InstructionSet, ProviderCall
from llmprovider.prompting.prompts import prefix_text
from llmprovider.prompting.tokens import estimate_tokens

# The others wait for the first call for so long, and look again after LOOK_AGAIN.
SEEDING = timedelta(seconds=60)
LOOK_AGAIN = timedelta(seconds=2)

_LIFETIMES: Final[dict[Literal["5m", "1h"], timedelta]] = {
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
}


@dataclass(frozen=True)
class Prefix:
    """A part that calls share and the provider is asked to keep; `tokens`: its upper estimate."""

    sha256: str
    tokens: int
    ttl: Literal["5m", "1h"]


def kept_prefix(provider: str, model: str, system: str) -> Prefix | None:
    """What the provider is to keep of calls with this system text; None where it keeps nothing.

    Anthropic is asked, and OpenAI where it bills what it keeps; else OpenAI keeps what it likes.
    """
    ttl = get_settings().PROMPT_CACHE_TTL
    known = known_model(provider, model)
    if ttl == "off" or known is None:
        return None
    if known.api is not Api.ANTHROPIC_MESSAGES and not known.bills_cache_writes:
        return None
    tokens = estimate_tokens(prefix_text(system))
    if known.min_cacheable_tokens is None or tokens < known.min_cacheable_tokens:
        return None
    return Prefix(sha256_of(provider, model, system), tokens, ttl)


def is_being_written(prefix: Prefix, instructions: InstructionSet, now: datetime) -> bool:
    """Whether to wait for the first call with this prefix, which is under way.

    Runs in the transaction that writes the call's row: the lock makes one of several the first.
    """
    InstructionSet.objects.select_for_update(no_key=True).get(pk=instructions.pk)
    calls = ProviderCall.objects.filter(prefix_sha256=prefix.sha256)
    # An answer that was of no use has been read by the provider all the same.
    written = calls.filter(
        Q(error_type="") | Q(input_tokens__gt=0),
        started_at__gt=now - _LIFETIMES[prefix.ttl],
        finished_at__isnull=False,
    )
    if written.exists():
        return False
    return calls.filter(
        started_at__gt=now - SEEDING, finished_at__isnull=True, error_type=""
    ).exists()
