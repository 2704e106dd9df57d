"""A page used by keyboard alone: to whatever is wanted by the tabulator key, then typed into or pressed."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

MOST_STEPS = 400
# What a script has replaced meanwhile is looked for again; a name or a label is costly to look for at each step.
STANDING = "element => element === document.activeElement ? 'focused' : element.isConnected ? 'elsewhere' : 'replaced'"


def reach(page: Page, wanted: Locator) -> Locator:
    """Go to an element by the tabulator key. Fails where it can't be reached."""
    wanted.wait_for()
    element = wanted.element_handle()
    for _ in range(MOST_STEPS):
        standing = element.evaluate(STANDING)
        if standing == "focused":
            return wanted
        if standing == "replaced":
            element = wanted.element_handle()
            continue
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} can't be reached by keyboard")


def write(page: Page, label: str, text: str) -> None:
    """Go to an input by its label, and write a text in the place of what it holds."""
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def choose(page: Page, label: str, words: str) -> None:
    """Go to a list by its label, and choose an option by typing its words."""
    wanted = reach(page, page.get_by_label(label, exact=True))
    page.keyboard.type(words)
    chosen = wanted.evaluate("element => element.selectedOptions[0].label")
    assert chosen == words, chosen


def press(page: Page, name: str, role: str = "button") -> None:
    """Go to a button or a link by its name, and press it."""
    reach(page, page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]  # a Literal
    page.keyboard.press("Enter")
