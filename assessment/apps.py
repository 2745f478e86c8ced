from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "assessment"
    verbose_name = "Comparative judgement"

    def ready(self) -> None:
        from assessment.conf import get_settings

        get_settings()  # a bad setting stops the start, not the first task
