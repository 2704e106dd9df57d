"""A real browser for tests: the Chromium of the machine, driven by Playwright, and what is checked of each page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, PHONE = 1280, 390  # pixels
NARROW = (768, PHONE, 320)  # pixels: a tablet, a phone, and what WCAG asks for
PATIENCE = 20_000  # milliseconds: no test waits so long, unless something hangs
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


@contextmanager
def run_browser() -> Iterator[Browser]:
    """Chromium, without a window; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("no Chromium is installed: `apt-get install chromium`, or what your system calls it")
    with sync_playwright() as playwright:
        # Root may not use Chromium's sandbox; tests of a container are often root.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Somebody in a browser at one service. `troubles` are errors of scripts and breaches of the content policy."""

    browser: Browser
    address: str
    troubles: list[str] = field(default_factory=list)

    @contextmanager
    def open(
        self, path: str, *, width: int = WIDE, javascript: bool = True, scheme: str = "light", height: int = 900
    ) -> Iterator[Page]:
        """Open a page in a fresh browser profile. Fails if, by its end, a script failed or the policy was broken."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            color_scheme=scheme,  # type: ignore[arg-type]  # a Literal
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        try:
            page.goto(path)
            yield page
            assert self.troubles == []
        finally:
            self.troubles.clear()
            context.close()

    def _note_message(self, message: ConsoleMessage) -> None:
        # The browser itself writes "Failed to load resource" where an answer is a refusal, such as a 404.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.troubles.append(message.text)


def check_accessible(page: Page) -> None:
    """Fail, with what axe-core says, where it finds that a page shuts somebody out.

    Scripts must be allowed to run: in a page without them, or in a sandbox, axe waits for ever.
    """
    results = Axe().run(page, options=AXE_OPTIONS)
    assert results.violations_count == 0, results.generate_report()


def check_fits(page: Page) -> None:
    """Fail where a page must be scrolled sideways."""
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen, f"{wide} pixels of {seen}"


def check_looks(page: Page) -> None:
    """Fail where an open page shuts somebody out or doesn't fit: light as it is, then dark and ever narrower."""
    check_accessible(page)
    check_fits(page)
    page.emulate_media(color_scheme="dark")
    check_narrow(page)
    check_accessible(page)


def check_narrow(page: Page) -> None:
    """Fail where a page doesn't fit a narrow screen."""
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise(requestAnimationFrame)")  # what the width decides is decided then
        check_fits(page)


def keep_picture(page: Page, path: Path) -> None:
    """A picture of the whole page, for people to look at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
