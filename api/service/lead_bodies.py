"""The bodies that are sent about a known lead: answers to try out, and what sales says of it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from leadledger.api.log.feedback import FEEDBACK_VERBS, REJECT_REASONS, Feedback
from leadledger.api.requests.body import MOST_GUESSES, clean_lead, is_encodable, read_day, read_object
from leadledger.api.requests.mistakes import NOTHING, ROOT, Mistakes, Path, shorten
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.errors import did_you_mean

LONGEST_ENTRY = 500  # characters of the name of a ledger entry
LONGEST_SNOOZE = 366  # days
LARGEST_FEEDBACK = 10_000  # bytes of a body
ANSWERS: Path = (*ROOT, "answers")
ENTRY: Path = (*ROOT, "entry")
_WHAT_IF_EXAMPLE = '{"answers": {"employees": 120}}'
_FEEDBACK_EXAMPLE = '{"verb": "reject", "reason": "no_budget"}'


class Answers(NamedTuple):
    """Cleaned answers, the names under which they came, and the day (None: today)."""

    lead: Lead
    names: tuple[str, ...]
    as_of: date | None


def read_answers(engine: Engine, body: Any) -> Answers:
    """The answers of a body. Raises Refusal (422) with every mistake, among them names that no field uses."""
    mistakes = Mistakes()
    members = read_object(body, ("answers",), ("as_of",), _WHAT_IF_EXAMPLE, mistakes)
    as_of = read_day(members.get("as_of"), (*ROOT, "as_of"), mistakes)
    answers = members.get("answers", NOTHING)
    lead = clean_lead(engine, answers, ANSWERS, mistakes)
    for name in lead.ignored if lead is not None else ():
        known = engine.card.card.column_names.exact
        guess = did_you_mean(shorten(name), known) if mistakes.count < MOST_GUESSES else ""
        mistakes.add((*ANSWERS, name), f"no field of the card uses this name.{guess}")
    if mistakes or lead is None:
        raise mistakes.to_refusal("worked out")
    return Answers(lead, tuple(answers), as_of)


def read_feedback(body: Any, today: date) -> Feedback:
    """What sales says of a lead. Raises Refusal (422) with every mistake."""
    mistakes = Mistakes()
    members = read_object(body, ("verb",), ("reason", "entry", "until"), _FEEDBACK_EXAMPLE, mistakes)
    verb, reason, entry = members.get("verb", NOTHING), members.get("reason"), members.get("entry")
    if verb is not NOTHING and verb not in FEEDBACK_VERBS:
        guess = did_you_mean(shorten(verb) if isinstance(verb, str) else "", FEEDBACK_VERBS)
        mistakes.add((*ROOT, "verb"), f"is no verb of feedback.{guess}", verb)
    if verb == "reject" and reason not in REJECT_REASONS:
        guess = did_you_mean(shorten(reason) if isinstance(reason, str) else "", REJECT_REASONS)
        if reason is None:
            mistakes.add((*ROOT, "reason"), f"is missing.{guess}")
        else:
            mistakes.add((*ROOT, "reason"), f"is no reason to reject a lead.{guess}", reason)
    elif reason is not None and verb in FEEDBACK_VERBS and verb != "reject":
        mistakes.add((*ROOT, "reason"), f"goes with `reject`, not with `{verb}`; leave it out")
    if entry is not None and not (isinstance(entry, str) and 0 < len(entry) <= LONGEST_ENTRY and is_encodable(entry)):
        mistakes.add(ENTRY, "is no entry of a ledger; send its kind and name, like rule:no_budget", entry)
    until = _read_until(members, verb, today, mistakes)
    if mistakes:
        raise mistakes.to_refusal("recorded")
    return Feedback(verb, today.isoformat(), reason or "", entry or "", until)


def _read_until(members: Any, verb: Any, today: date, mistakes: Mistakes) -> str | None:
    """The day until which a lead is snoozed."""
    path = (*ROOT, "until")
    before = mistakes.count
    until = read_day(members.get("until"), path, mistakes)
    if verb not in FEEDBACK_VERBS or mistakes.count > before:
        return None
    if verb != "snooze":
        if until is not None:
            mistakes.add(path, f"goes with `snooze`, not with `{verb}`; leave it out")
        return None
    if until is None:
        mistakes.add(path, "is missing; send the day on which the lead comes back, like 2026-01-31")
    elif not 0 < (until - today).days <= LONGEST_SNOOZE:
        words = f"is not a day after today, {today}, and within {LONGEST_SNOOZE} days of it"
        mistakes.add(path, words, until.isoformat())
    return None if until is None else until.isoformat()
