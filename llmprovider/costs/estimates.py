"""What calls will take and cost, before anything is sent: a likely figure beside an upper bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from llmprovider.conf import get_settings
from llmprovider.contracts import ComparisonRequest, Overrides, TokenUsage
from llmprovider.contracts.models import (
    Api,
    answer_tokens,
    known_model,
    likely_reasoning_tokens,
)
from llmprovider.costs.call_plans import MeasuredText, by_job, measured, plan_calls
from llmprovider.costs.calls import call_cost, most_it_costs
from llmprovider.jobs.estimates import jobs_needed
from llmprovider.prompting.prompts import prefix_text, system_text
from llmprovider.prompting.tokens import LIKELY, LIKELY_OUTPUT_PER_COMPARISON, UPPER


@dataclass(frozen=True)
class Costs:
    """USD, each None where it is not known.

    `likely`: list price, nothing cached. `cached`: the same with the vendor's prompt cache as it is
    set. `batch`: `likely` as a vendor's batch job. `at_most`: the longest answers that the calls
    allow, texts of many tokens, every cache entry written anew; retries come on top.
    """

    likely: Decimal | None
    cached: Decimal | None
    batch: Decimal | None
    at_most: Decimal | None

    def __add__(self, other: "Costs") -> "Costs":
        return Costs(
            *(_sum(getattr(self, one.name), getattr(other, one.name)) for one in fields(Costs))
        )


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


@dataclass(frozen=True)
class Estimate:
    """What judging some comparisons once will take: tokens as likely, and at most.

    `calls`: provider calls, or requests of `jobs` batch jobs. `reasoning_tokens`: of the likely
    output, what a model that reasons uses for that.
    """

    comparisons: int
    calls: int
    jobs: int
    texts_sent: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    most_input_tokens: int
    most_output_tokens: int
    costs: Costs

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(Estimate))
        )


_NO_COSTS = Costs(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
NOTHING = Estimate(0, 0, 0, 0, 0, 0, 0, 0, 0, _NO_COSTS)


def estimate(requests: Sequence[ComparisonRequest]) -> Estimate:
    """Calls, jobs, tokens and cost of judging `requests` once, without retries."""
    texts = measured(requests)
    calls = plan_calls(requests, texts)
    seeded: set[tuple[Overrides, str]] = set()
    total = NOTHING
    for members in calls:
        lead = requests[members[0]]
        distinct = {
            text
            for member in members
            for text in (requests[member].first.text, requests[member].second.text)
        }
        system = system_text(lead.instructions, lead.overrides.system_prompt)
        prefix = (lead.overrides, system)
        total += _call(
            lead.overrides,
            system,
            [texts[text] for text in distinct],
            len(members),
            first_of_prefix=prefix not in seeded,
        )
        seeded.add(prefix)
    by_jobs = (members for members in calls if by_job(requests[members[0]]))
    jobs = jobs_needed([requests[member] for member in members] for members in by_jobs)
    return replace(total, jobs=jobs)


def cheapest_call(requests: Sequence[ComparisonRequest]) -> Decimal | None:
    """USD that the least of the calls for `requests` can cost at most.

    Under a lower money cap none is made. A live call can be of one comparison, as a bundle is
    parted where the cap asks for it; a request of a batch job is not. None where a price is
    unknown, or nothing is asked.
    """
    texts = measured(requests)
    costs: list[Decimal | None] = []
    singles: dict[tuple[Overrides, str], list[int]] = {}
    for members in plan_calls(requests, texts):
        lead = requests[members[0]]
        system = system_text(lead.instructions, lead.overrides.system_prompt)
        if by_job(lead):
            costs.append(_most_cost(requests, members, system, texts, batch=True))
        else:
            singles.setdefault((lead.overrides, system), []).extend(members)
    for (_, system), members in singles.items():
        least = min(members, key=lambda one: _tokens_of(requests[one], texts))
        costs.append(_most_cost(requests, [least], system, texts, batch=False))
    known = [cost for cost in costs if cost is not None]
    return min(known) if known and len(known) == len(costs) else None


def _tokens_of(request: ComparisonRequest, texts: Mapping[str, MeasuredText]) -> int:
    return sum(texts[text].tokens for text in {request.first.text, request.second.text})


def _most_cost(
    requests: Sequence[ComparisonRequest],
    members: Sequence[int],
    system: str,
    texts: Mapping[str, MeasuredText],
    *,
    batch: bool,
) -> Decimal | None:
    """USD that one call for these `members` can cost at most."""
    asked = [requests[member] for member in members]
    judge = asked[0].overrides
    distinct = {text for one in asked for text in (one.first.text, one.second.text)}
    most = _most(judge, system, [texts[text] for text in distinct], len(members))
    return most_it_costs(judge, most, batch=batch)


def _call(
    judge: Overrides,
    system: str,
    texts: Sequence[MeasuredText],
    comparisons: int,
    *,
    first_of_prefix: bool,
) -> Estimate:
    known = known_model(judge.provider, judge.model)
    count = len(texts)
    prefix = LIKELY.tokens(prefix_text(system))
    most = _most(judge, system, texts, comparisons)
    reasoning = likely_reasoning_tokens(judge, comparisons)
    instructions = LIKELY.tokens(system)
    likely = TokenUsage(
        input=LIKELY.call(instructions, sum(text.likely for text in texts), count, comparisons),
        output=min(LIKELY_OUTPUT_PER_COMPARISON * comparisons + reasoning, most.output),
        reasoning=min(reasoning, most.output),
    )
    batch = call_cost(judge, likely, batch=True) if known is not None and known.batch else None
    return Estimate(
        comparisons=comparisons,
        calls=1,
        jobs=0,
        texts_sent=count,
        input_tokens=likely.input,
        output_tokens=likely.output,
        reasoning_tokens=likely.reasoning,
        most_input_tokens=most.input,
        most_output_tokens=most.output,
        costs=Costs(
            likely=call_cost(judge, likely),
            cached=call_cost(judge, _through_cache(judge, likely, prefix, write=first_of_prefix)),
            batch=batch,
            at_most=call_cost(judge, most),
        ),
    )


def _most(
    judge: Overrides, system: str, texts: Sequence[MeasuredText], comparisons: int
) -> TokenUsage:
    """What a call may take at most: the longest answer, and the prefix written to the cache."""
    instructions, sent = UPPER.tokens(system), sum(text.tokens for text in texts)
    most = TokenUsage(
        input=UPPER.call(instructions, sent, len(texts), comparisons),
        output=answer_tokens(known_model(judge.provider, judge.model), judge, comparisons),
    )
    return _through_cache(judge, most, UPPER.tokens(prefix_text(system)), write=True)


def _through_cache(judge: Overrides, usage: TokenUsage, prefix: int, *, write: bool) -> TokenUsage:
    """`usage` with the prefix read from the vendor's cache, or written to it.

    Unchanged where the model caches nothing, or no prefix as short as this. Models that keep
    prefixes unasked charge nothing for writing.
    """
    known = known_model(judge.provider, judge.model)
    shortest = known.min_cacheable_tokens if known is not None else None
    if known is None or shortest is None or prefix < shortest:
        return usage
    ttl = get_settings().PROMPT_CACHE_TTL
    asked = known.api is Api.ANTHROPIC_MESSAGES or known.bills_cache_writes
    if asked and ttl == "off":
        return usage
    if not write:
        return usage.model_copy(update={"cache_read": prefix})
    if not asked:
        return usage
    hour = {"cache_write_1h": prefix} if ttl == "1h" else {}
    return usage.model_copy(update={"cache_write": prefix, **hour})
