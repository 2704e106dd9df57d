"""Builds the documentation site: `make docs`.

The pages of docs/ are written for whoever reads them in a clone. Here they are copied, with the README as the first
page, with their links led to pages or to copies of the files that they name, and with a reference of all public names.
Then the site is built, strictly, and each of its links followed.
"""

from __future__ import annotations

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import leadledger

ROOT = Path(__file__).parents[1]
SITE = ROOT / "site"
PAGES = {"README.md": "index.md", "CHANGELOG.md": "CHANGELOG.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}
_LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")
_LOADING = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src")}
_HARMLESS_LINKS = {"canonical", "next", "prev"}  # `rel` of links that load nothing


def write_sources(site: Path) -> None:
    """Write all that the site is built from into a new folder."""
    shutil.rmtree(site, ignore_errors=True)
    pages = site / "pages"
    pages.mkdir(parents=True)
    settings = (ROOT / "docs" / "zensical.toml").read_text("utf-8")
    (site / "zensical.toml").write_text(
        settings.replace('paths = [".."]', f"paths = [{json.dumps(str(ROOT))}]"), "utf-8"
    )
    shutil.copytree(ROOT / "docs" / "pictures", pages / "pictures")
    sources = {ROOT / name: page for name, page in PAGES.items()}
    sources |= {path: path.name for path in sorted((ROOT / "docs").glob("*.md"))}
    for path, page in sources.items():
        text = path.read_text("utf-8")
        (pages / page).write_text(_lead_links(text, path.parent, sources, pages), "utf-8")
    (pages / "reference.md").write_text(write_reference(), "utf-8")


def write_reference() -> str:
    """The page of all public names, each from where it is defined."""
    parts = [f"::: leadledger.{module}.{name}" for name, module in sorted(leadledger._MODULES.items())]
    head = "# Python\n\nWhat `import leadledger` has. Each verb is imported at its first use.\n"
    return "\n\n".join([head, *parts]) + "\n"


def _lead_links(text: str, folder: Path, sources: dict[Path, str], pages: Path) -> str:
    """A page with its links led to pages of the site; files that are none are copied into it."""

    def lead(match: re.Match[str]) -> str:
        before, address, anchor, after = match[1], match[2], match[3] or "", match[4]
        target = (folder / address).resolve()
        if urlsplit(address).scheme or not target.exists():
            return match[0]  # the check of links finds what leads nowhere
        if target in sources:
            return f"{before}{sources[target]}{anchor}{after}"
        if target.is_relative_to(ROOT / "docs"):
            return f"{before}{target.relative_to(ROOT / 'docs').as_posix()}{anchor}{after}"
        return f"{before}{_show_file(target, pages)}{after}"

    outside = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _LINK.sub(lead, part) for part in outside)


def _show_file(path: Path, pages: Path) -> str:
    """A page with a file of the clone, or with all files of a folder, and its address from other pages."""
    name = path.relative_to(ROOT).as_posix()
    page = pages / "files" / f"{name}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    parts = [f"# {name}\n"]
    for file in files:
        title = f"## {file.relative_to(path).as_posix()}\n\n" if path.is_dir() else ""
        parts.append(f"{title}``````text\n{file.read_text('utf-8').rstrip()}\n``````\n")
    page.write_text("\n".join(parts), "utf-8")
    return page.relative_to(pages).as_posix()


def build_site(program: Path, site: Path = SITE) -> str:
    """Build the site. Returns what the builder says. Raises ValueError if it fails or warns, or a link is dead."""
    write_sources(site)
    command = [str(program), "build", "--strict", "--clean", "--config-file", str(site / "zensical.toml")]
    environment = {**os.environ, "PYTHONPATH": "", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False, timeout=600)
    output = done.stdout + done.stderr
    if done.returncode or re.search("warning|error", output, re.IGNORECASE):
        raise ValueError(f"the site can't be built:\n{output}")
    problems = [*check_links(site / "html")]
    if problems:
        raise ValueError("\n".join(problems))
    return output


@dataclass
class Page(html.parser.HTMLParser):
    """A page: the ids in it, where it leads, and what it loads."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        is_harmless = tag == "link" and values.get("rel") in _HARMLESS_LINKS
        for name, value in values.items():
            if (tag, name) in _LOADING and not is_harmless:
                self.loaded.append(value)
            elif name == "href" and tag == "a":
                self.links.append(value)


def check_links(folder: Path) -> Iterator[str]:
    """Each link within a site that leads nowhere, and each thing that a page would load from another host."""
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html")) if path.name != "404.html"}
    for page in pages.values():
        name = page.path.relative_to(folder)
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https") or parts.netloc:
                if address in page.loaded:
                    yield f"{name} loads {address}"
                continue
            if parts.scheme:
                continue  # mail, data
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                yield f"{name} leads to {address}, which isn't there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                yield f"{name} leads to {address}, and {target.relative_to(folder)} has no such part"
    for path in sorted(folder.rglob("*.css")):
        for address in re.findall(r"(?:url\(|@import\s+)[\"']?(https?:[^\"')]+)", path.read_text("utf-8")):
            yield f"{path.relative_to(folder)} loads {address}"


if __name__ == "__main__":
    try:
        build_site(ROOT / ".venv-docs" / "bin" / "zensical")
    except ValueError as error:
        sys.exit(str(error))
    print(f"The site is in {SITE / 'html'}; open index.html in it.")
