"""A page read back: its marks, texts and elements, and the check that each mark shows what the data hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from leadledger.training.report.figures import FORMATS

# What the page may say in its own words: the scale, the bands of drift, the level of limits, the name of a digest.
CONSTANTS = {"0", "0.5", "1", "10", "50", "0.10", "0.25", "90%", "95%", "256"}


VOID = {"br", "meta", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """The marks, the texts and the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.marks: list[tuple[str, str, str]] = []
        self.texts: list[str] = []  # those of no mark, no style and no picture
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._mark: tuple[str, str] | None = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Keep an element, and the mark it may open."""
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "data-metric" in attributes:
            self._mark = (str(attributes["data-metric"]), str(attributes["data-format"]))
            self.marks.append((*self._mark, ""))

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self.open.pop() == tag
        if tag == "span":
            self._mark = None

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Keep an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text where it belongs."""
        if "svg" in self.open or "style" in self.open:
            return
        self.words += data
        if self._mark is None:
            self.texts.append(data)
        else:
            self.marks[-1] = (*self._mark, self.marks[-1][2] + data)

    def under(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def plain(self) -> str:
        """All its words, on one line."""
        return " ".join(self.words.split())


def at(data: Any, pointer: str) -> Any:
    """The value to which a JSON pointer leads, found without the code that wrote it."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if data is None:  # what wasn't measured has no parts
            return None
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, list | tuple):
            data = data[int(key)] if int(key) < len(data) else None
        else:
            data = getattr(data, key)
    return data


def check(text: str, data: Mapping[str, Any]) -> Page:
    """Every mark tells what is there, and no number is without a mark."""
    read = Page(text)
    for pointer, form, shown in read.marks:
        value = at(data, pointer)
        assert shown == ("–" if value is None else FORMATS[form](value)), pointer
    bare = {number for words in read.texts for number in re.findall(r"\d[\d.,]*\d%?|\d%?", words)}
    assert bare <= CONSTANTS
    return read
