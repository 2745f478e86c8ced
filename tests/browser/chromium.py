"""Headless Chromium, one short-lived and offline process per question."""

import html
import json
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

# A frame has any width, where a window has a least one; and what is in it can be measured.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><script>
window.owned = false;
function measure(frame) {
  const page = frame.contentDocument, root = page.documentElement;
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const words = [...page.querySelectorAll("svg text")]
    .filter((word) => word.getClientRects().length)
    .map((word) => word.getBoundingClientRect());
  document.getElementById("found").textContent = JSON.stringify({
    width: root.clientWidth,
    needed: root.scrollWidth,
    height: root.scrollHeight,
    left: Math.min(...words.map((word) => word.left)),
    right: Math.max(...words.map((word) => word.right)),
    title: page.title,
    owned: window.owned,
  });
}
</script>
<iframe onload="measure(this)" width="%d" height="900" style="border:0" srcdoc="%s"></iframe>
<pre id="found"></pre>"""


def measured(page: str, width: int) -> dict[str, Any]:
    """What the page needs and shows at a width in CSS pixels, with everything unfolded.

    Keys: width, needed and height of the page; left and right end of the words in pictures;
    title; owned (whether a script of the page reached out of its frame).
    """
    dom = _run(FRAME % (width, html.escape(page)), "--dump-dom", "--window-size=1400,1000")
    words = dom.decode().rpartition('<pre id="found">')[2].partition("</pre>")[0]
    found: dict[str, Any] = json.loads(html.unescape(words))
    return found


def distinct_lines(page: str, width: int = 1200, height: int = 3000) -> int:
    """Different lines of pixels in a screenshot: an empty page has hardly any."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "page.png")
        _run(page, f"--screenshot={picture}", f"--window-size={width},{height}")
        lines = _png_lines(picture.read_bytes())
    return len(set(lines))


def requested(page: str) -> list[str]:
    """Every address off this machine that the page asked for; the browser's own are left out."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "net.json")
        _run(page, f"--log-net-log={log}", "--dump-dom")
        events = json.loads(log.read_text())
    start = events["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    jobs = [
        event["params"]
        for event in events["events"]
        if event["type"] == start and "params" in event
    ]
    return [job["url"] for job in jobs if "url" in job and job.get("initiator") != "not an origin"]


def printed(page: str) -> bytes:
    """The page as a PDF."""
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder, "page.pdf")
        _run(page, f"--print-to-pdf={paper}")
        return paper.read_bytes()


def _run(page: str, *flags: str) -> bytes:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is missing. Install it: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        file = Path(profile, "page.html")
        file.write_text(page, encoding="utf-8")
        done = subprocess.run(
            [program, *FLAGS, f"--user-data-dir={profile}/data", *flags, file.as_uri()],
            capture_output=True,
            check=True,
            timeout=120,
        )
    return done.stdout


def _png_lines(png: bytes) -> list[bytes]:
    """The (filtered) lines of a PNG of 8 bits per channel, RGB or RGBA."""
    width = int.from_bytes(png[16:20])
    channels = {2: 3, 6: 4}[png[25]]
    data, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += 12 + size
    pixels, step = zlib.decompress(data), 1 + width * channels
    return [pixels[start : start + step] for start in range(0, len(pixels), step)]
