"""Health check of a container: `python -m deploy.health URL` ends with 0 if the URL is answered.

Any answer below 500 will do: an endpoint that asks for a token is at work.
"""

import sys
import urllib.error
import urllib.request
from typing import Final

PATIENCE_SECONDS: Final = 8


def answers(url: str) -> bool:
    """Whether somebody answers there, and not with a failure of their own."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code < 500
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1]) else 1)
