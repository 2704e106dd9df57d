"""Takes the pictures of the pages that stand in the documents: `make pictures`, then look at the diff.

They show the demo, served as users do, in the browser that the tests drive.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import httpx2
from PIL import Image
from playwright.sync_api import Page

from tests.api.pages.browsing import PHONE, WIDE, Visitor, run_browser
from tests.serving import ROOT, commanded

FOLDER = ROOT / "docs" / "pictures"
COLOURS = 128  # of a picture: enough for pages of few colours, and a third of the bytes
DRAFT = "ceo"
RULE = {
    "kind": "put_rule",
    "name": "ceo",
    "keys": {"when": "starts_with(job_title, 'ceo')", "points": 20, "reason": "Runs the firm"},
    "after": "junior_title",
}


def main() -> None:
    """Make a demo, and take all pictures anew."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo" / "home"
        subprocess.run([sys.executable, "-m", "leadledger", "demo", "--folder", str(home.parent)], cwd=ROOT, check=True)
        with commanded(home) as (_, address), run_browser() as browser:
            take_pictures(Visitor(browser, address))


def take_pictures(visitor: Visitor) -> None:
    """The desk, a lead, a draft with its rule, what stands before it is published, and a release."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    address = visitor.address
    asked = httpx2.get(f"{address}/v1/leads?recommendation=ask&limit=2", timeout=60).json()["leads"]
    httpx2.post(f"{address}/v1/drafts", json={"name": DRAFT}, timeout=60).raise_for_status()
    change = {"revision": 1, "edits": [RULE]}
    httpx2.post(f"{address}/v1/drafts/{DRAFT}/change", json=change, timeout=60).raise_for_status()
    release = httpx2.get(f"{address}/v1/releases", timeout=60).json()["serves"]
    pictures = [
        ("desk", "/desk", WIDE, 900),
        ("desk-phone", "/desk", PHONE, 844),
        ("lead", f"/desk/lead?id={quote(asked[-1]['lead'])}", WIDE, 1200),
        ("studio", f"/studio/drafts/{DRAFT}", WIDE, 900),
        ("rule", f"/studio/drafts/{DRAFT}/rule?name=ceo", WIDE, 900),
        ("compare", f"/studio/drafts/{DRAFT}/compare", WIDE, 900),
        ("release", f"/releases/release?name={release}", WIDE, 1100),
    ]
    for name, path, width, height in pictures:
        with visitor.open(path, width=width, height=height) as page:
            keep(page, FOLDER / f"{name}.png")


def keep(page: Page, path: Path) -> None:
    """Keep what a browser's window shows."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
