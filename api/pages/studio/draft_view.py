"""A draft as pages show it: its bar, its tabs, its history, its parts that aren't rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from leadledger.api.studio.card_blocks import split_card
from leadledger.scoring.advice import word_day

LONGEST_PREVIEW = 90  # characters
SECTION_TITLES = {
    "": "The card as a whole",
    "fields": "Fields",
    "events": "Events",
    "criteria": "Criteria",
    "exclude": "Exclusions",
    "stages": "Stages",
    "axes": "Axes",
    "groups": "Groups",
    "outcome": "Outcome",
    "grades": "Grades",
    "cases": "Cases",
}


@dataclass(frozen=True)
class Tab:
    """A part of the draft: its address, its name, how many entries it has, and whether it is the one that is shown."""

    path: str
    name: str
    count: str
    is_shown: bool


@dataclass(frozen=True)
class HistoryLine:
    """Who changed a draft when, and what."""

    by: str
    at: str
    what: str


@dataclass(frozen=True)
class CardPart:
    """An entry of a card that is no rule, such as a field: its text, the start of it, and what has changed in it."""

    section: str
    name: str
    title: str
    text: str
    preview: str
    line: int
    change: str


def list_tabs(draft: Mapping[str, Any], shown: str) -> tuple[Tab, ...]:
    """The tabs of a draft; `shown` is the name of the one that is."""
    path = f"/studio/drafts/{draft['name']}"
    counts = _count_entries(draft["text"])
    cases = draft["check"]["cases"]
    parts = sum(counts.get(section, 0) for section in SECTION_TITLES) - counts.get("cases", 0)
    tabs = [
        (path, "Rules", f"{counts.get('rules', 0):,}"),
        (f"{path}/parts", "Everything else", f"{parts:,}"),
        (f"{path}/cases", "Cases", f"{len(cases):,}"),
        (f"{path}/text", "Text", ""),
        (f"{path}/history", "History", f"{len(draft['edits']):,}"),
    ]
    return tuple(Tab(path, name, count, name == shown) for path, name, count in tabs)


def _count_entries(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for block in split_card(text) or ():
        if block.key.name:
            counts[block.key.section] = counts.get(block.key.section, 0) + 1
        else:
            counts.setdefault(block.key.section, 0)
    return counts


def list_parts(draft: Mapping[str, Any]) -> dict[str, list[CardPart]]:
    """All of a card but its rules and cases, by section, in the order of the card."""
    changed = {(change["section"], change["name"]): change["what"] for change in draft["changes"]}
    parts: dict[str, list[CardPart]] = {}
    for block in split_card(draft["text"]) or ():
        section, name = block.key
        content = [line for line in block.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        if section in ("rules", "cases") or (not name and len(content) == 1 and content[0].endswith(":")):
            continue  # the line above the entries of a section
        heading = SECTION_TITLES.get(section if name or section == "outcome" else "", section)
        preview = _summarize(" ".join(line.strip() for line in content), name)
        shown = preview if len(preview) <= LONGEST_PREVIEW else f"{preview[:LONGEST_PREVIEW]}…"
        change = changed.get((section, name), "")
        text = block.text.strip("\r\n")
        parts.setdefault(heading, []).append(CardPart(section, name, name or section, text, shown, block.line, change))
    return parts


def _summarize(text: str, name: str) -> str:
    """An entry of a card in one line, without its name: `{kind: text}`, or of an entry of a list `points: 60`."""
    if not text.startswith("- "):
        return text.partition(":")[2].strip()
    inner = text[2:].strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    return inner.removeprefix(f"name: {name}").lstrip(", ").strip()


def list_history(edits: Sequence[Mapping[str, Any]], today: date, zone: tzinfo) -> tuple[HistoryLine, ...]:
    """The edits of a draft, the newest first."""
    return tuple(
        HistoryLine(edit["by"] or "somebody", word_time(edit["at"], today, zone), edit["what"])
        for edit in reversed(edits)
    )


def word_time(text: str, today: date, zone: tzinfo) -> str:
    """A time as a draft notes it, for people in a time zone: `14:02`, `28 November, 14:02`."""
    at = datetime.fromisoformat(text).astimezone(zone)
    return f"{at:%H:%M}" if at.date() == today else f"{word_day(at.date(), today)}, {at:%H:%M}"
