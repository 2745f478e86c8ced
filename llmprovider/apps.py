from django.apps import AppConfig


class LlmProviderConfig(AppConfig):
    name = "llmprovider"
    verbose_name = "Judge service"

    def ready(self) -> None:
        from llmprovider.conf import get_settings

        get_settings()  # a bad setting stops the start, not the first task
