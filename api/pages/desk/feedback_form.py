"""What sales says of a lead: the form, and what it said before, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from leadledger.api.log.feedback import REJECT_REASONS, RejectReason
from leadledger.api.pages.desk.entry_words import EntryWords
from leadledger.api.pages.desk.subjects import word_name
from leadledger.scoring.advice import word_day
from leadledger.scoring.result import Result, format_signed

REASON_WORDS: Mapping[RejectReason, str] = {
    "no_need": "No need",
    "no_budget": "No budget",
    "no_authority": "No say in the decision",
    "bad_timing": "Wrong time",
    "wrong_contact": "Wrong contact, or can’t be reached",
    "competitor": "Is a competitor",
    "duplicate": "Is known already under another id",
    "other": "Something else",
}
OUTCOME_WORDS: Mapping[str, str] = {
    "accept": "Accepted: the lead is yours.",
    "reject": "Rejected. The reason is counted for those who write the rules.",
    "snooze": "Snoozed: the list leaves it out until that day.",
}
USUAL_SNOOZE = timedelta(days=14)


@dataclass(frozen=True)
class FeedbackForm:
    """The forms: reasons and entries as (value, words), what is chosen in each, and the days of the snooze.

    `mistakes` are sentences by the name of the input that they are about; under an empty name, about none.
    """

    reasons: tuple[tuple[str, str], ...]
    reason: str
    entries: tuple[tuple[str, str], ...]
    entry: str
    until: str
    first_day: str
    mistakes: Mapping[str, str]


@dataclass(frozen=True)
class Opinion:
    """Something that sales said of a lead: when, and what, in words."""

    day: str
    text: str


def make_form(
    result: Result, words: EntryWords, today: date, sent: Mapping[str, str], mistakes: Mapping[str, str]
) -> FeedbackForm:
    """The forms for a result; `sent` is what was chosen or sent before, by the name of the input."""
    entries = tuple(
        (f"{entry.kind}:{entry.name}", f"{words.word(entry)} {format_signed(entry.tenths)}")
        for entry in result.ledger
        if entry.kind != "start"
    )
    return FeedbackForm(
        tuple((reason, REASON_WORDS[reason]) for reason in sorted(REJECT_REASONS, key=list(REASON_WORDS).index)),
        sent.get("reason", ""),
        entries,
        sent.get("entry", ""),
        sent.get("until", "") or (today + USUAL_SNOOZE).isoformat(),
        (today + timedelta(days=1)).isoformat(),
        mistakes,
    )


def word_opinions(
    feedback: Sequence[Mapping[str, Any]], result: Result, words: EntryWords, today: date
) -> tuple[Opinion, ...]:
    """The opinions of sales, the newest first."""
    reasons = {f"{entry.kind}:{entry.name}": words.word(entry) for entry in result.ledger}
    return tuple(
        Opinion(word_day(date.fromisoformat(opinion["on"]), today), _word_opinion(opinion, reasons, today))
        for opinion in feedback
    )


def _word_opinion(opinion: Mapping[str, Any], reasons: Mapping[str, str], today: date) -> str:
    match opinion["verb"]:
        case "accept":
            text = "Accepted"
        case "reject":
            reason = REASON_WORDS.get(opinion["reason"], word_name(opinion["reason"]))
            text = f"Rejected: {reason[:1].lower()}{reason[1:]}"
        case _:
            text = f"Snoozed until {word_day(date.fromisoformat(opinion['until']), today)}"
    if opinion["entry"]:
        text += f". Wrong: “{reasons.get(opinion['entry'], opinion['entry'])}”"
    return text
