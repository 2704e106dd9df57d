"""A known lead as a line of the list: what to do, how sure, what moved it, how long it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias

from leadledger.api.pages.desk.entry_words import EntryWords
from leadledger.api.pages.desk.values import list_facts, name_lead
from leadledger.api.service.lead_details import DetailedLead
from leadledger.api.service.today import DAYS_AHEAD, find_last_working_day
from leadledger.api.wording.figures import word_chance, word_count, word_time_since, word_wait
from leadledger.api.wording.recommendations import AdviceFacts, AdviceWords, find_facts, with_book, word_advice
from leadledger.scoring.advice import word_day
from leadledger.scoring.engine.ledger_difference import EntryDifference
from leadledger.scoring.result import Entry, format_signed, format_unsigned
from leadledger.scoring.scorecard import Card, Scorecard
from leadledger.scoring.tree import Typed

Trend: TypeAlias = Literal["up", "down", "level", "new"]
ARROWS: Mapping[Trend, str] = {"up": "↑", "down": "↓", "level": "→", "new": ""}
WAITING = ("promote", "ask", "demote")  # recommendations that somebody is to follow
MONTHS_SHOWN = 3  # letters of a month in a tag


@dataclass(frozen=True)
class LeadLine:
    """A line of the list. All but `lead` are words; empty: nothing to say.

    `tags` are what to know at a glance, each with whether it is good news. `grade_words` says what the grades of the
    axes are. `change` is since `change_since`.
    """

    lead: str
    name: str
    facts: tuple[str, ...]
    tags: tuple[tuple[str, bool], ...]
    place: str
    chance: str
    points: str
    grade: str
    axis_grades: str
    grade_words: str
    advice: AdviceWords
    trend: Trend
    arrow: str
    change: str
    change_reason: str
    waits: str
    owner: str


def describe_line(lead: DetailedLead, card: Card, today: date, now: datetime | None = None) -> LeadLine:
    """The line of a lead by what is known of it; `card` is the one that is served. `now`: the time, if it isn't now."""
    row, scorecard = lead.row, lead.card
    own = card if scorecard is None else scorecard.card
    name = name_lead(own, lead.values, row.lead)
    trend = _find_trend(lead)
    is_answered = row.answered_on is not None and row.answered_on >= row.since
    is_waiting = row.recommendation in WAITING and not is_answered
    return LeadLine(
        lead=row.lead,
        name=name,
        facts=(*list_facts(own, lead.values, today), *(() if name == row.lead else (row.lead,))),
        tags=tuple(_list_tags(lead, today)),
        place=word_count(lead.place),
        chance=word_chance(row.probability),
        points=format_unsigned(row.tenths),
        grade=row.grade,
        axis_grades=row.axis_grades,
        grade_words="" if lead.result is None else ", ".join(f"{axis.axis} {axis.grade}" for axis in lead.result.axes),
        advice=word_advice(_find_advice_facts(lead, scorecard), today),
        trend=trend,
        arrow=ARROWS[trend],
        change="" if trend == "new" else format_signed(row.change),
        change_reason=_word_trend(lead, trend, today),
        waits=_word_wait(lead, today, now or datetime.now(UTC)) if is_waiting else "",
        owner=row.owner,
    )


def _find_advice_facts(lead: DetailedLead, card: Scorecard | None) -> AdviceFacts:
    row = lead.row
    if lead.result is None or card is None:
        facts = AdviceFacts(row.recommendation, row.stage, row.to_stage, row.grade, distance=row.distance)  # type: ignore[arg-type]  # the book has verdicts
    else:
        facts = find_facts(card, lead.result)
        if facts.verdict == "promote":
            facts = _with_open_questions(facts, card.card.questions, lead.values)
    back_on = lead.turn.on if lead.turn is not None and _is_better(lead) else None
    return with_book(facts, _read_day(row.rejected_on), _read_day(row.snoozed_until), back_on, _read_day(row.since))


def _with_open_questions(facts: AdviceFacts, questions: Mapping[str, str], values: Mapping[str, Typed]) -> AdviceFacts:
    """The facts of a lead to call, with what isn't known of it: there is time to ask while one talks."""
    unanswered = tuple(text for name, text in questions.items() if values.get(name) is None)
    return replace(facts, questions=unanswered)


def _is_better(lead: DetailedLead) -> bool:
    """Whether a lead that is left will be worth a call or a question one day, if nothing happens."""
    turn = lead.turn
    return turn is not None and lead.row.recommendation == "nurture" and turn.result.recommendation.verdict in WAITING


def _word_wait(lead: DetailedLead, today: date, now: datetime) -> str:
    """How long a lead waits: less than a day in minutes or hours, since quick answers win leads; else in days."""
    if lead.since_at:
        at = datetime.fromisoformat(lead.since_at)
        if at <= now < at + timedelta(days=1):
            return word_time_since(at, now)
    return word_wait(date.fromisoformat(lead.row.since), today)


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _list_tags(lead: DetailedLead, today: date) -> Sequence[tuple[str, bool]]:
    row, tags = lead.row, []
    if row.recommendation == "promote" and row.since >= find_last_working_day(today).isoformat():
        tags.append(("new", True))
    turn = lead.turn
    if row.recommendation == "promote" and turn is not None and turn.on <= today + timedelta(DAYS_AHEAD):
        tags.append((f"leaves {_word_short_day(turn.on, today)}", False))
    return tags


def _word_short_day(day: date, today: date) -> str:
    """A day in a tag, `14 Dec`."""
    number, month, *year = word_day(day, today).split()
    return " ".join([number, month[:MONTHS_SHOWN], *year])


# -- the trend ---------------------------------------------------------------------------------------------------------


def _find_trend(lead: DetailedLead) -> Trend:
    change = lead.row.change
    if lead.row.earlier_on is None:
        return "new"
    return "up" if change > 0 else "down" if change < 0 else "level"


def _word_trend(lead: DetailedLead, trend: Trend, today: date) -> str:
    """Why the points moved: the entry that moved them most, of those that moved them that way."""
    if trend == "new":
        return "Known for less than a week"
    if trend == "level":
        return "No change"
    sign = 1 if trend == "up" else -1
    first = next((entry for entry in lead.moved if entry.tenths * sign > 0), None)
    if first is None or lead.card is None:
        return ""
    return word_move(first, EntryWords(lead.card, lead.values))


def word_move(moved: EntryDifference, words: EntryWords) -> str:
    """What moved an entry: what is new, what fades, what is no longer so."""
    before, after = (
        words.word(Entry(moved.name, moved.kind, tenths, reason))
        for tenths, reason in ((moved.first, moved.first_reason), (moved.second, moved.second_reason))
    )
    if moved.first > 0 and 0 < moved.second < moved.first and moved.kind == "rule":
        return f"Fades: {_soften(after)}"
    if not moved.second and moved.first:
        return f"No longer: {_soften(before)}"
    return after


def _soften(sentence: str) -> str:
    first, _, _ = sentence.partition(" ")
    return sentence if any(sign.isupper() for sign in first[1:]) else sentence[:1].lower() + sentence[1:]
