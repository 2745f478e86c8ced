from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "assessment"
    verbose_name = "Comparative judgement"

    def ready(self) -> None:
        from assessment.conf import get_settings
        from assessment.log_names import names_of
        from llmprovider.contracts.log_contexts import name_batches_by

        get_settings()  # a bad setting stops the start, not the first task
        name_batches_by(names_of)
