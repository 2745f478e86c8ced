"""The profiles' numbers as Markdown: what docs/emulator.md shows and `--profiles` prints."""

from collections.abc import Iterable

from llmprovider.emulator.profiles import Bursts, JobPace, Latency, Limits, Profile


def profile_table(profiles: Iterable[Profile]) -> str:
    """One row per profile, then one list of fault shares for each that has any."""
    profiles = list(profiles)
    rows = [
        "| Profile | Waits (seconds) | Limits per minute | Faults | Winner named first |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| `{profile.name}` | {_waits(profile.latency)} | {_limits(profile.limits)} | "
        f"{_faults(profile)} | {_share(profile.first_share)} |"
        for profile in profiles
    ]
    details = [
        f"`{profile.name}`: {profile.summary} Per call: {_shares(profile)}"
        f"{_burst(profile.bursts)}. Errors that name one ask to wait {profile.retry_after:g} s."
        for profile in profiles
        if profile.faults
    ]
    details += [
        f"`{profile.name}`, batch jobs: {_pace(profile.jobs)}."
        for profile in profiles
        if profile.jobs != JobPace()
    ]
    return "\n".join(rows) + "\n\n" + "\n\n".join(details) + "\n"


def _waits(latency: Latency) -> str:
    if latency == Latency():
        return "none"
    shown = f"{latency.base:g}"
    if latency.spread:
        shown += f" to {latency.base + latency.spread:g}"
    if latency.per_item:
        shown += f", {latency.per_item:g} more per comparison"
    if latency.tokens_per_second:
        shown += f", then {latency.tokens_per_second:g} tokens a second"
    return shown


def _limits(limits: Limits) -> str:
    named = [
        f"{limit:,} {kind.replace('_', ' ')}"
        for kind, limit in vars(limits).items()
        if limit is not None
    ]
    return ", ".join(named) or "none"


def _faults(profile: Profile) -> str:
    total = sum(profile.faults.values())
    return f"{total:.0%} of calls" if total else "none"


def _shares(profile: Profile) -> str:
    return ", ".join(f"`{fault}` {share * 100:g}%" for fault, share in profile.faults.items())


def _pace(pace: JobPace) -> str:
    shown = (
        f"checked for {pace.validating:g} s, each request done {pace.base:g} to "
        f"{pace.base + pace.spread:g} s later, {pace.finalizing:g} s from the last request to the "
        f"end, {pace.cancelling:g} s from a cancel"
    )
    for what, shares in (
        ("job", pace.faults),
        ("request of a job", pace.line_faults),
        ("request to a batch endpoint", pace.door_faults),
    ):
        if shares:
            listed = ", ".join(f"`{fault}` {share:.0%}" for fault, share in shares.items())
            shown += f". Per {what}: {listed}"
    return shown


def _burst(bursts: Bursts) -> str:
    if not bursts.length:
        return ""
    return (
        f"; and with {bursts.probability:.0%} a burst begins, {bursts.length} calls in a row "
        f"that end in `{bursts.fault}`"
    )


def _share(share: float | None) -> str:
    return "by the texts" if share is None else f"{share:.1%}"
