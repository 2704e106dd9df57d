"""The list of releases: the newest first, the current one marked, how good each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadledger.api.pages.releases.quality import ReleaseQuality

RELEASES_PER_PAGE = 25
CHANGES_SHOWN = 20


@dataclass(frozen=True)
class ReleaseLine:
    """A release in the list. `quality` is None where it has a `problem`."""

    name: str
    card: str
    note: str
    created: str
    moment: str
    is_current: bool
    is_older: bool
    quality: ReleaseQuality | None
    problem: str


@dataclass(frozen=True)
class ReleasePage:
    """A page of the list, from 1 on, of `pages`; `current` is the name of the current release, empty for none."""

    lines: tuple[ReleaseLine, ...]
    number: int
    pages: int
    current: str
    serves: str
    problem: str


def list_page(answer: Mapping[str, Any], number: int) -> tuple[list[dict[str, Any]], int, int]:
    """The records of one page of what `list_releases` answers, the newest first; its number, and how many there are."""
    newest_first = answer["releases"][::-1]
    pages = max(1, -(-len(newest_first) // RELEASES_PER_PAGE))
    number = min(max(number, 1), pages)
    return newest_first[(number - 1) * RELEASES_PER_PAGE : number * RELEASES_PER_PAGE], number, pages


def view_releases(
    answer: Mapping[str, Any], page: tuple[list[dict[str, Any]], int, int], qualities: Mapping[str, ReleaseQuality]
) -> ReleasePage:
    """The list as it is shown; `qualities` are those of the releases that can be read."""
    records, number, pages = page
    names = [record["name"] for record in answer["releases"]]
    current = next((record["name"] for record in answer["releases"] if record["current"]), "")
    lines = tuple(
        ReleaseLine(
            name=record["name"],
            card=record["card"],
            note=record["note"],
            created=record["created"] or "",
            moment=word_moment(record["created"]),
            is_current=record["current"],
            is_older=bool(current) and names.index(record["name"]) < names.index(current),
            quality=qualities.get(record["name"]),
            problem=record["problem"],
        )
        for record in records
    )
    return ReleasePage(lines, number, pages, current, answer["serves"] or "", answer["problem"])


@dataclass(frozen=True)
class ChangeLine:
    """Who made which release the current one, and when; `verb`: published, or chose."""

    at: str
    moment: str
    by: str
    verb: str
    release: str
    was: str
    note: str
    happened: bool


def view_changes(answer: Mapping[str, Any]) -> tuple[ChangeLine, ...]:
    """The newest changes of the current release, as `list_changes` answers them."""
    return tuple(
        ChangeLine(
            at=entry["at"],
            moment=word_moment(entry["at"]),
            by=entry["by"],
            verb="published" if entry["change"] == "published" else "chose",
            release=entry["release"],
            was=entry["was"],
            note=entry["note"],
            happened=entry["happened"],
        )
        for entry in answer["changes"][:CHANGES_SHOWN]
    )


def word_moment(created: str | None) -> str:
    """A moment of a manifest as people write it: `29 November 2026, 20:40 UTC`; empty where there is none."""
    try:
        moment = datetime.fromisoformat(created or "")
    except ValueError:
        return ""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
