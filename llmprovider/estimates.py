"""What calls will take and cost, before anything is sent: a likely figure beside an upper bound."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Final

from llmprovider.call_costs import call_cost, most_it_costs
from llmprovider.call_plans import MeasuredText, by_job, measured, plan_calls
from llmprovider.conf import get_settings
from llmprovider.contracts import ComparisonRequest, Overrides, TokenUsage
from llmprovider.contracts.models import Api, KnownModel, answer_tokens, known_model
from llmprovider.jobs.estimates import jobs_needed
from llmprovider.prompts import system_text
from llmprovider.tokens import LIKELY, LIKELY_OUTPUT_PER_COMPARISON, UPPER, max_output_tokens

# Share of the room set aside for reasoning, beside that for a call as such, that is likely used: by
# hand, and the least certain figure of a plan. Measured use differs several fold between models,
# efforts and texts.
REASONING_SHARE: Final = 0.25


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

    Under a lower money cap none is made. None where a price is unknown, or nothing is asked.
    """
    texts = measured(requests)
    costs = []
    for members in plan_calls(requests, texts):
        asked = [requests[member] for member in members]
        lead = asked[0]
        distinct = {text for one in asked for text in (one.first.text, one.second.text)}
        system = system_text(lead.instructions, lead.overrides.system_prompt)
        most = _most(lead.overrides, system, [texts[text] for text in distinct], len(members))
        costs.append(most_it_costs(lead.overrides, most, batch=by_job(lead)))
    known = [cost for cost in costs if cost is not None]
    return min(known) if known and len(known) == len(costs) else None


def likely_reasoning_tokens(known: KnownModel | None, judge: Overrides, comparisons: int) -> int:
    """What a call will likely use for reasoning: 0 for a model that does not reason.

    So much for each comparison: what is set aside once per call is there for the call that thinks
    longer than most.
    """
    unlimited = judge.model_copy(update={"max_tokens": None})
    once, one = (
        answer_tokens(known, unlimited, number) - max_output_tokens(number) for number in (0, 1)
    )
    return round(REASONING_SHARE * max(one - once, 0) * comparisons)


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
    prefix = LIKELY.tokens(system)
    most = _most(judge, system, texts, comparisons)
    reasoning = likely_reasoning_tokens(known, judge, comparisons)
    likely = TokenUsage(
        input=LIKELY.call(prefix, sum(text.likely for text in texts), count, comparisons),
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
    prefix = UPPER.tokens(system)
    most = TokenUsage(
        input=UPPER.call(prefix, sum(text.tokens for text in texts), len(texts), comparisons),
        output=answer_tokens(known_model(judge.provider, judge.model), judge, comparisons),
    )
    return _through_cache(judge, most, prefix, write=True)


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
