import logging

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger(__name__)


class LlmProviderConfig(AppConfig):
    name = "llmprovider"
    verbose_name = "Judge service"

    def ready(self) -> None:
        from llmprovider.conf import get_settings

        get_settings()  # a bad setting stops the start, not the first task
        self._check_rate_limits()

    def _check_rate_limits(self) -> None:
        """A limit that holds for no call would pass unnoticed."""
        from llmprovider.conf import get_settings
        from llmprovider.providers.registry import PROVIDERS
        from llmprovider.rate_limits import name_doubts, name_problem

        names = list(get_settings().RATE_LIMITS)
        if problem := name_problem(names, PROVIDERS):
            raise ImproperlyConfigured(f"LLM_PROVIDER_SERVICE_RATE_LIMITS: {problem}")
        for doubt in name_doubts(names):
            log.warning("LLM_PROVIDER_SERVICE_RATE_LIMITS: %s", doubt)
