"""Run the commands that the documents tell people to type.

Every ```sh block of the named files is run, in order, in one shell session each, from the
repository's root; a block must succeed. A block marked ```sh background (a server) must still be
running after a few seconds and is then stopped.
"""

import os
import re
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

BLOCK = re.compile(r"^```sh(?P<kind>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
SETTLES_AFTER = 8


def run(code: str) -> bool:
    return subprocess.run(["bash", "-euo", "pipefail", "-c", code]).returncode == 0  # noqa: S603, S607


def stays_up(code: str) -> bool:
    server = subprocess.Popen(  # noqa: S603
        ["bash", "-euo", "pipefail", "-c", code],  # noqa: S607
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + SETTLES_AFTER
        while time.monotonic() < deadline:
            if server.poll() is not None:
                return False
            time.sleep(0.2)
        return True
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def main(names: list[str], done: set[str]) -> int:
    """`done`: blocks that have been run already, as they stand in the document."""
    failed = 0
    for name in names:
        for block in BLOCK.finditer(Path(name).read_text(encoding="utf-8")):
            code, kind = block["code"], block["kind"].strip()
            if code.strip() in done:
                continue
            print(f"--- {name}: {kind or 'run'}\n{code}", flush=True)  # noqa: T201
            if not (stays_up(code) if kind == "background" else run(code)):
                print(f"FAILED: {name}", flush=True)  # noqa: T201
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", metavar="DOCUMENT")
    parser.add_argument("--done", action="append", default=[], metavar="BLOCK")
    asked = parser.parse_args()
    sys.exit(main(asked.names, set(asked.done)))
