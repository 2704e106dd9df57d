"""What the mail of a day says: the leads of each of its parts, with the words that the desk has for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leadledger.api.digest.reasons import word_why
from leadledger.api.pages.desk.lead_lines import LeadLine, describe_line
from leadledger.api.pages.desk.list_query import NOBODY, DeskQuery, View
from leadledger.api.pages.desk.today_strip import WEEKDAYS, describe_capacity, word_leaving, word_new
from leadledger.api.pages.desk.values import LONGEST_NAME
from leadledger.api.requests.mistakes import shorten
from leadledger.api.service.history import read_log
from leadledger.api.service.lead_details import DetailedLead, detail_leads
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.places import list_call_stages
from leadledger.api.service.service import DecisionLog, Service
from leadledger.api.service.today import (
    DAYS_AHEAD,
    find_call_threshold,
    find_last_working_day,
    list_leaving,
    recall_nearest,
)
from leadledger.api.wording.figures import word_count
from leadledger.scoring.advice import word_day
from leadledger.scoring.outputs import Verdict

if TYPE_CHECKING:
    from leadledger.api.log.book_rows import BookRow
    from leadledger.api.log.lead_lists import LeadOrder

MOST_COUNTED = 1_000  # leads of a part; of more, the mail says that they are more
_CALLED: Sequence[Verdict] = ("promote", "ask")
_LATER = {"demote": "hand back", "ask": "ask first", "disqualify": "don’t contact", "keep": "go on"}


@dataclass(frozen=True)
class DigestLead:
    """A lead in the mail: its line of the desk, why it stands where it does, what of it belongs to this part, and where
    the desk has it. All are words; empty: nothing to say.
    """

    line: LeadLine
    why: str
    note: str
    path: str


@dataclass(frozen=True)
class DigestPart:
    """A part of the mail. `more` says how many leads the desk has beside these; `nobody` is said where there is none.

    `is_full`: with what to do and why, else a line for each lead.
    """

    heading: str
    leads: tuple[DigestLead, ...]
    more: str
    nobody: str
    path: str
    is_full: bool = False


@dataclass(frozen=True)
class Digest:
    """The mail of a day. `capacity` has a sentence for each stage that says how many leads can be taken care of.

    `is_of_all`: it has the leads of all owners.
    """

    title: str
    summary: str
    capacity: tuple[str, ...]
    parts: tuple[DigestPart, ...]
    path: str
    footer: str
    is_of_all: bool


async def make_digest(service: Service, day: date, owner: str | None, most: int) -> Digest:
    """The mail of a day, of all owners or of one (empty: leads without an owner), with `most` leads in each part.

    Raises Refusal: there is no log (404), or it fails (503).
    """
    loaded = service.loaded
    known = await read_log(service, lambda log: recall_nearest(service, log, loaded, day, owner))
    leaving = await asyncio.to_thread(list_leaving, known, day)
    leaving.sort(key=lambda lead: (lead["on"], lead["lead"]))
    return await read_log(service, lambda log: _Reading(service, log, loaded, day, owner, most).make(leaving))


class _Reading:
    """The book, read for the mail of a day."""

    def __init__(
        self, service: Service, log: DecisionLog, loaded: LoadedCard, day: date, owner: str | None, most: int
    ) -> None:
        self.home, self.log, self.loaded = service.settings.home, log, loaded
        self.day, self.owner, self.most = day, owner, most
        self.since = find_last_working_day(day)

    def make(self, leaving: Sequence[Mapping[str, Any]]) -> Digest:
        """The whole mail; `leaving` are the leads that are about to leave, as `list_leaving` says."""
        weekday = WEEKDAYS[self.since.weekday()]
        best, _ = self._list(_CALLED, "points", snoozed=False, rejected=False)
        has_threshold = find_call_threshold(self.loaded) is not None
        word_of_new, word_of_leaving = word_new(has_threshold), word_leaving(has_threshold)
        calls = list_call_stages(self.loaded.card.card)
        new, new_count = self._list(("promote",), "points", to_stages=calls, new_since=self.since.isoformat())
        waiting, waiting_count = self._list(("promote",), "since", waits=True)
        rows = {row.lead: row for row in self._read([lead["lead"] for lead in leaving[: self.most]])}
        notes = {lead["lead"]: _word_leaving(lead, self.day) for lead in leaving}
        parts = (
            self._make_part("The likeliest first", best, "act", "Nobody is to be called or asked today.", is_full=True),
            self._make_part(
                f"{word_of_new.capitalize()} since {weekday}", new, "new", f"Nobody since {weekday}.", new_count
            ),
            self._make_part(
                word_of_leaving.capitalize(),
                [rows[lead["lead"]] for lead in leaving[: self.most] if lead["lead"] in rows],
                "leaving",
                f"Nobody within {DAYS_AHEAD} days, if nothing happens.",
                len(leaving),
                notes,
            ),
            self._make_part(
                "Waiting for an answer",
                waiting,
                "waiting",
                "Each has been accepted, rejected or put off.",
                waiting_count,
            ),
        )
        first = f"{_word_many(new_count).capitalize()} {word_of_new} since {weekday}"
        today = f"{WEEKDAYS[self.day.weekday()]} {word_day(self.day, self.day)}"
        return Digest(
            title=f"{self._word_owner()}ho to call, {today}",
            summary=(
                f"{first}, {_word_many(len(leaving))} {word_of_leaving}, {_word_many(waiting_count)} waiting for an"
                " answer."
            ),
            capacity=tuple(self._word_capacity()) if self.owner is None else (),
            parts=parts,
            path=self._write_path("act"),
            footer=self._word_footer(),
            is_of_all=self.owner is None,
        )

    def _list(self, verdicts: Sequence[Verdict], order: LeadOrder, **filters: Any) -> tuple[list[BookRow], int]:
        """The first leads of a list of the book, and how many it has."""
        from leadledger.api.log.lead_lists import LeadFilters, LeadList

        wanted = LeadFilters(tuple(verdicts), owner=self.owner, today=self.day.isoformat(), **filters)
        page = self.log.book.list_leads(LeadList(wanted, order, descending=order == "points", limit=MOST_COUNTED))
        return page.rows[: self.most], len(page.rows)

    def _read(self, leads: Sequence[str]) -> list[BookRow]:
        rows = (self.log.book.read_lead(lead) for lead in leads)
        return [row for row in rows if row is not None]

    def _make_part(
        self,
        heading: str,
        rows: Sequence[BookRow],
        view: View,
        nobody: str,
        count: int = 0,
        notes: Mapping[str, str] | None = None,
        *,
        is_full: bool = False,
    ) -> DigestPart:
        others = count - len(rows)
        detailed = detail_leads(self.log, self.loaded, self.home, rows, self.day)
        return DigestPart(
            heading,
            tuple(self._describe(lead, view, notes or {}) for lead in detailed),
            f"and {_word_many(others)} more" if others > 0 else "",
            nobody,
            self._write_path(view),
            is_full,
        )

    def _describe(self, lead: DetailedLead, view: View, notes: Mapping[str, str]) -> DigestLead:
        line = describe_line(lead, self.loaded.card.card, self.day)
        note = notes.get(lead.row.lead, "")
        if view == "waiting":
            note = f"Waiting since {word_day(date.fromisoformat(lead.row.since), self.day)}"
        elif view == "new":
            note = line.advice.action
        return DigestLead(
            line, word_why(lead), note, f"/desk/lead?id={quote(lead.row.lead, safe='', errors='replace')}"
        )

    def _write_path(self, view: View) -> str:
        owner = {} if self.owner is None else {"owner": self.owner or NOBODY}
        return DeskQuery(view, owner).write()

    def _word_owner(self) -> str:
        """The beginning of the title, up to the first letter of "who to call"."""
        if self.owner is None:
            return "W"
        return f"{shorten(self.owner, LONGEST_NAME)}: w" if self.owner else "Leads without an owner: w"

    def _word_capacity(self) -> list[str]:
        from leadledger.api.log.book_figures import BookFigures
        from leadledger.api.log.book_summary import describe_capacity as read_capacity

        uses = read_capacity(BookFigures(self.log.store.engine), self.loaded.card.card, self.day)
        cells = map(describe_capacity, uses)
        return [f"{cell.figure} {cell.text}. {cell.sentence}." for cell in cells]

    def _word_footer(self) -> str:
        card = self.loaded.card
        made_by = f"release {card.release}" if card.release else f"the rules of {card.card.title or card.card.name}"
        return f"Chances and points are those of the book, by {made_by}. Points decide; a chance is what they come to."


def _word_many(count: int) -> str:
    """A number of leads; of a part that is longer than what is counted, that."""
    if count >= MOST_COUNTED:
        return f"more than {word_count(MOST_COUNTED - 1)}"
    return word_count(count) if count else "none"


def _word_leaving(lead: Mapping[str, Any], today: date) -> str:
    day = word_day(date.fromisoformat(lead["on"]), today)
    return f"From {day}, unless something happens: {_LATER.get(lead['recommendation'], 'leave for now')}"
