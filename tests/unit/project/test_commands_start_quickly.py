"""Commands that call nobody load nothing that takes seconds to load."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SLOW = {"anthropic", "openai", "scipy.stats"}
START = """
import sys
from django.core.management import ManagementUtility
ManagementUtility(["manage.py", "check"]).execute()
import assessment.management.commands.eng5
print(*sorted(sys.modules), file=sys.stderr)
"""


def test_no_vendor_library_is_loaded_before_a_call() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(ended.stderr.split())
    assert "llmprovider.providers.registry" in loaded
    assert not SLOW & loaded
