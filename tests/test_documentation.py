"""The documentation site: it builds without a warning, its links lead somewhere, and every public name is in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import leadledger
from tests.documentation import PAGES, ROOT, Page, build_site, check_links, write_reference
from tests.environments import install_environment

SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "docs" / "zensical.toml").read_text("utf-8"))["project"]


def list_pages(nav: Any) -> Iterator[str]:
    """The pages of a navigation."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for part in nav.values():
            yield from list_pages(part)
    else:
        for part in nav:
            yield from list_pages(part)


def test_every_page_is_in_the_navigation() -> None:
    """Each page of docs/ stands once in the navigation of the site, and so do the README and the reference."""
    pages = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    assert sorted(list_pages(SETTINGS["nav"])) == sorted([*pages, *PAGES.values(), "reference.md"])


def test_every_public_name_is_in_the_reference() -> None:
    """The reference has each name of `leadledger.__all__`, from where it is defined."""
    names = re.findall(r"^::: leadledger\.[\w.]+\.(\w+)$", write_reference(), flags=re.MULTILINE)
    assert names == sorted(leadledger.__all__)


def test_nothing_from_other_hosts() -> None:
    """No fonts, scripts or analytics are set that a reader's browser would fetch elsewhere."""
    assert SETTINGS["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css"} & set(SETTINGS)
    assert "analytics" not in SETTINGS["extra"]


def test_wrong_links_are_found(tmp_path: Path) -> None:
    """A link to a page, a part or a file that isn't there is found, and so is what comes from another host."""
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="#here">1</a><a href="#gone">2</a><a href="b.html#part">3</a><a href="c.html">4</a>'
        '<a href="https://example.com/">5</a><img src="x.png"><script src="https://example.com/x.js"></script>',
        "utf-8",
    )
    (tmp_path / "b.html").write_text('<a name="other"></a>', "utf-8")
    (tmp_path / "s.css").write_text("@import 'https://example.com/y.css'; p {color: red}", "utf-8")
    assert [*check_links(tmp_path)] == [
        "a.html leads to #gone, and a.html has no such part",
        "a.html leads to b.html#part, and b.html has no such part",
        "a.html leads to c.html, which isn't there",
        "a.html leads to x.png, which isn't there",
        "a.html loads https://example.com/x.js",
        "s.css loads https://example.com/y.css",
    ]


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    """The site builds strictly, its links lead somewhere, and its reference describes every public name."""
    build_site(install_environment("docs") / "zensical", tmp_path / "site")
    html = tmp_path / "site" / "html"
    parts = Page(html / "reference.html").ids
    assert {f"leadledger.{module}.{name}" for name, module in leadledger._MODULES.items()} <= parts
    text = (html / "reference.html").read_text("utf-8")
    for name in ("score", "train", "to_sql"):
        first = re.split(r"[.\n]", getattr(leadledger, name).__doc__)[0]
        assert re.sub("[`<>]", "", first)[:30] in re.sub("<[^>]+>", "", text), name
