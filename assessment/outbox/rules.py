"""What the settings allow, checked when they are read: a webhook that cannot work is no start."""

from typing import TYPE_CHECKING

from assessment.outbox.targets import BadTarget, Rules, place_of

if TYPE_CHECKING:
    from assessment.conf import AssessmentSettings

SHORTEST_SECRET = 32


def rules_of(settings: "AssessmentSettings") -> Rules:
    """The rules in force. Without a list of hosts, those of the configured URLs are the list."""
    hosts = settings.EVENT_WEBHOOK_ALLOWED_HOSTS or map(place_of, settings.EVENT_WEBHOOK_URLS)
    return Rules(
        places=frozenset(host.strip().lower().rstrip(".") for host in hosts),
        allow_http=settings.EVENT_WEBHOOK_ALLOW_HTTP,
        allow_private=settings.EVENT_WEBHOOK_ALLOW_PRIVATE,
    )


def check_webhooks(settings: "AssessmentSettings") -> None:
    """Raises ValueError, which shows neither the secret nor a URL."""
    rules = rules_of(settings)
    for number, url in enumerate(settings.EVENT_WEBHOOK_URLS, start=1):
        try:
            rules.target_of(url)
        except BadTarget as problem:
            raise ValueError(f"EVENT_WEBHOOK_URLS: number {number}: {problem}") from None
    wanted = settings.EVENT_WEBHOOK_URLS or settings.EVENT_WEBHOOK_ALLOWED_HOSTS
    if wanted and len(settings.EVENT_WEBHOOK_SECRET.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(
            "EVENT_WEBHOOK_SECRET: events are signed, so it must be set, to at least "
            f"{SHORTEST_SECRET} characters"
        )
