"""Who may know whom: the two apps, and the pure parts of each."""

import pytest

from tests.unit.project.sources import imports_of, modules, name_of, within

PURE = [
    "assessment/comparing",
    "assessment/measurement",
    "assessment/pairing",
    "assessment/intake",
    "assessment/continuation",
    "assessment/dealing",
    "assessment/modes",
    "assessment/outbox/posting",
    "assessment/outbox/retries",
    "assessment/outbox/rules",
    "assessment/outbox/signatures",
    "assessment/outbox/targets",
    "llmprovider/queueing/bundling",
    "llmprovider/gates/circuits",
    "llmprovider/gates/rate_windows",
    "llmprovider/gates/vendor_limits",
    "llmprovider/jobs/splitting",
    "llmprovider/rate_limits",
    "assessment/fitting",
    "assessment/simulation",
    "llmprovider/prompting/prompts",
    "llmprovider/emulator",
    "llmprovider/providers/latent_quality",
    "llmprovider/prompting/answers",
    "llmprovider/contracts/texts",
    "llmprovider/prompting/warning_signs",
    "llmprovider/prompting/visible_texts",
    "llmprovider/prompting/judge_orders",
    "llmprovider/api/requests",
    "llmprovider/api/statuses",
    "llmprovider/prompting/tokens",
    "llmprovider/contracts/comparisons",
    "llmprovider/contracts/findings",
    "llmprovider/contracts/known_models",
    "llmprovider/contracts/models",
    "llmprovider/providers/limit_headers",
    "llmprovider/providers/sdk_errors",
]


def breaches(files, forbidden) -> list[str]:
    return [
        f"{name_of(path)} imports {name}"
        for path in files
        for name in sorted(imports_of(path))
        if forbidden(name)
    ]


def test_the_judge_service_does_not_know_the_assessment():
    found = breaches(
        modules("llmprovider"), lambda name: within(name, "assessment", "cjproject", "tests")
    )
    assert found == []


def test_the_assessment_knows_the_judge_service_by_its_contract_only():
    def forbidden(name: str) -> bool:
        return within(name, "llmprovider") and not within(
            name, "llmprovider.contracts", "llmprovider.tasks"
        )

    assert breaches(modules("assessment"), forbidden) == []


def test_the_contract_is_used_by_its_public_names():
    """The message types from `contracts` itself, not from the module that they are written in."""
    found = breaches(
        modules("assessment"), lambda name: within(name, "llmprovider.contracts.comparisons")
    )
    assert found == []


@pytest.mark.parametrize("place", PURE)
def test_the_pure_parts_know_neither_django_nor_celery(place):
    files = modules(place)
    assert files
    found = breaches(
        files,
        lambda name: within(
            name, "django", "celery", "rest_framework", "assessment.models", "llmprovider.models"
        ),
    )
    assert found == []


def test_reports_use_only_the_templates_of_django():
    def forbidden(name: str) -> bool:
        return within(name, "celery", "rest_framework", "assessment.models") or (
            within(name, "django") and not within(name, "django.template", "django.utils")
        )

    assert breaches(modules("assessment/reports"), forbidden) == []


def test_no_product_code_knows_the_tests():
    found = breaches(
        modules("assessment", "llmprovider", "cjproject"),
        lambda name: within(name, "tests", "pytest"),
    )
    assert found == []


@pytest.mark.parametrize("place", ["assessment", "llmprovider", "cjproject", "tests"])
def test_no_file_is_too_long_to_read(place):
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in modules(place)}
    assert {name: lines for name, lines in sizes.items() if lines > 500} == {}


@pytest.mark.parametrize("place", ["assessment", "llmprovider", "cjproject", "tests"])
def test_no_module_is_a_drawer(place):
    drawers = {"utils.py", "helpers.py", "manager.py", "managers.py", "misc.py", "common.py"}
    assert [name_of(path) for path in modules(place) if path.name in drawers] == []
