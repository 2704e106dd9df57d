"""What to do with a lead, in words: the verb first, then why.

Each verdict has one sentence. It is about a person who sells: "Call now", "Ask: when must a decision be made?", "Leave
for now, back on 14 December", "Hand back", "Don't contact", "Go on: is an opportunity already".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

from leadledger.api.wording.figures import word_days, word_distance
from leadledger.scoring.advice import word_day
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.result import Result
from leadledger.scoring.scorecard import Scorecard

Mark: TypeAlias = Literal["full", "half", "ring", "dash"]
MARKS: dict[Verdict, Mark] = {
    **{"promote": "full", "ask": "half", "nurture": "ring"},
    **{"demote": "ring", "keep": "ring", "disqualify": "dash"},
}
ACTIONS: dict[Verdict, str] = {  # without a lead, for filters
    **{"promote": "Call now", "ask": "Ask", "nurture": "Leave for now"},
    **{"demote": "Hand back", "disqualify": "Don’t contact", "keep": "Go on"},
}
HIGH_GRADES = ("A",)  # of which people ask why the lead isn't called
QUESTIONS_WHILE_CALLING = 2


@dataclass(frozen=True)
class AdviceFacts:
    """What the words of a recommendation rest on.

    `at` is where the lead stands and `to` the stage ahead; `predicts` says whether that is the stage that scores
    foretell. `unmet` and `unknown` say in a sentence each what of the required isn't met, or known; `reasons` are those
    of an exclusion. `distance` is in tenths above the threshold, negative below it; None: points don't decide.
    `questions` are those worth asking, the most telling first. Of the days, each None where there is none:
    `below_since` is the first look at which a promoted lead was under the band of its threshold, `since` the day from
    which the recommendation has stood, `rejected_on` the last rejection, `snoozed_until` until when sales put the lead
    off, and `back_on` the day on which the advice will be better if nothing happens.
    """

    verdict: Verdict
    at: str = ""
    to: str = ""
    grade: str = ""
    predicts: bool = True
    unmet: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    distance: int | None = None
    questions: tuple[str, ...] = ()
    below_since: date | None = None
    since: date | None = None
    rejected_on: date | None = None
    snoozed_until: date | None = None
    back_on: date | None = None


@dataclass(frozen=True)
class AdviceWords:
    """What to do, why (empty: nothing to say), and its mark: a full disc, half of one, a ring or a dash.

    `is_put_off` says that sales rejected the lead, or put it off, so that it is left alone whatever is recommended.
    """

    action: str
    reason: str
    mark: Mark
    is_put_off: bool = False

    def __str__(self) -> str:
        return f"{self.action}. {self.reason}." if self.reason else self.action


def find_facts(card: Scorecard, result: Result) -> AdviceFacts:
    """The facts of a result of a scorecard; the book knows more of a lead: see `AdviceFacts.rejected_on` and on."""
    advice, predicted = result.recommendation, card.card.predicted_stage
    states = dict(advice.criteria)
    _, gate = card.find_gate(advice.at)
    required = [card.required[i] for i in gate.requires] if gate is not None else []
    return AdviceFacts(
        verdict=advice.verdict,
        at=advice.at,
        to=advice.to,
        grade=result.grade,
        predicts=predicted is None or advice.to == predicted.name,
        unmet=tuple(
            _find_loss(card, result, asked) or f"Lacks {asked.title}"
            for asked in required
            if states.get(asked.name) == "unmet"
        ),
        unknown=tuple(asked.title for asked in required if states.get(asked.name) == "unknown"),
        reasons=advice.reasons if advice.verdict == "disqualify" else (),
        distance=None if advice.threshold is None else result.tenths - advice.threshold,
        questions=tuple(question.text for question in advice.questions),
        below_since=result.below_since,
    )


def _find_loss(card: Scorecard, result: Result, asked: object) -> str:
    """The reason of the rule that takes points for what a criterion asks: it says what the lead has instead. Or empty.

    A rule that reads the same field as the criterion, and no other, is about the same thing.
    """
    if not isinstance(asked, Criterion):
        return ""
    fields = set(asked.met.fields)
    losing = {entry.name: entry.reason for entry in result.ledger if entry.kind == "rule" and entry.tenths < 0}
    return next(
        (losing[rule.name] for rule in card.card.rules if rule.name in losing and set(rule.when.fields) == fields), ""
    )


def with_book(
    facts: AdviceFacts,
    rejected_on: date | None,
    snoozed_until: date | None,
    back_on: date | None = None,
    since: date | None = None,
) -> AdviceFacts:
    """The facts with what the book knows of the lead, and the day on which its advice will be better."""
    return replace(facts, rejected_on=rejected_on, snoozed_until=snoozed_until, back_on=back_on, since=since)


def word_advice(facts: AdviceFacts, today: date) -> AdviceWords:
    """What to do with a lead, in words, on a day."""
    words = _WORDS[facts.verdict](facts, today)
    if facts.verdict in ("disqualify", "keep", "demote"):
        return words
    until, rejected_on = facts.snoozed_until, facts.rejected_on
    if until is None or until <= today:
        if rejected_on is None or facts.verdict == "nurture" or (facts.since is not None and rejected_on < facts.since):
            return words
        return AdviceWords("Leave for now", f"Sales rejected it on {word_day(rejected_on, today)}", "ring", True)
    first = words.action[:1].lower() + words.action[1:]
    reason = words.reason if facts.verdict == "nurture" else f"put off by sales; then {first}"
    return AdviceWords(
        f"Leave for now, back on {word_day(until, today)}", reason[:1].upper() + reason[1:], "ring", True
    )


def _word_promote(facts: AdviceFacts, today: date) -> AdviceWords:
    action = "Call now" if facts.predicts else f"Make it {with_article(facts.to)}"
    if facts.rejected_on is not None:
        reason = f"Sales rejected it on {word_day(facts.rejected_on, today)}"
    elif facts.below_since is not None and facts.distance is not None and facts.distance < 0:
        reason = f"Kept for now: {_word_short(facts)} since {word_day(facts.below_since, today)}"
    elif facts.distance is not None and facts.distance < 0:
        reason = f"Kept for now: {_word_short(facts)}"
    elif facts.questions:
        asked = [word_question(question) for question in facts.questions[:QUESTIONS_WHILE_CALLING]]
        reason = f"Ask while you talk: {' And '.join(asked)}"
    else:
        reason = "Nothing left to ask"
    return AdviceWords(action, reason, "full")


def _word_ask(facts: AdviceFacts, today: date) -> AdviceWords:
    parts = []
    if facts.unknown:
        parts.append(f"Not known yet: {_join(facts.unknown)}")
    elif facts.distance is not None and facts.distance < 0:
        parts.append(f"{_word_short(facts)}; answers can still bring them")
    if len(facts.questions) > 1:
        parts.append(f"Then: {word_question(facts.questions[1])}")
    if not facts.questions:
        return AdviceWords("Find out more", ". ".join(parts), "half")
    return AdviceWords(f"Ask: {word_question(facts.questions[0])}", ". ".join(parts), "half")


def _word_nurture(facts: AdviceFacts, today: date) -> AdviceWords:
    action = "Leave for now"
    if facts.back_on is not None and facts.back_on > today:
        action += f", back on {word_day(facts.back_on, today)}"
    return AdviceWords(action, _word_obstacle(facts, today), "ring")


def _word_demote(facts: AdviceFacts, today: date) -> AdviceWords:
    reason = _word_obstacle(facts, today)
    if not facts.unmet and facts.below_since is not None and (today - facts.below_since).days > 0:
        reason += f" for {word_days((today - facts.below_since).days)}"
    return AdviceWords("Hand back", reason, "ring")


def _word_obstacle(facts: AdviceFacts, today: date) -> str:
    """Why a lead isn't to be called: what isn't met, or how many points it is short, or a rejection."""
    if facts.unmet:
        first, *others = facts.unmet
        reached = facts.distance is not None and facts.distance >= 0
        whatever = ", whatever its points" if reached or facts.grade in HIGH_GRADES else ""
        return f"{'; '.join([first, *(other[:1].lower() + other[1:] for other in others)])}{whatever}"
    if facts.rejected_on is not None:
        return f"Sales rejected it on {word_day(facts.rejected_on, today)}"
    return _word_short(facts) if facts.distance is not None and facts.distance < 0 else ""


def _word_disqualify(facts: AdviceFacts, today: date) -> AdviceWords:
    return AdviceWords("Don’t contact", "; ".join(facts.reasons), "dash")


def _word_keep(facts: AdviceFacts, today: date) -> AdviceWords:
    if not facts.at:
        return AdviceWords("No advice", "The card has no stages", "dash")
    return AdviceWords(f"Go on: is {with_article(facts.at)} already", "", "ring")


_WORDS = {
    "promote": _word_promote,
    "ask": _word_ask,
    "nurture": _word_nurture,
    "demote": _word_demote,
    "disqualify": _word_disqualify,
    "keep": _word_keep,
}


def word_question(text: str) -> str:
    """A question within a sentence: with a small letter, unless it begins with an abbreviation or with "I"."""
    first, _, _ = text.partition(" ")
    is_plain = first[:1].isupper() and not any(letter.isupper() for letter in first[1:]) and first != "I"
    return text[:1].lower() + text[1:] if is_plain else text


def word_stage(name: str) -> str:
    """A stage as people say it."""
    return name.replace("_", " ")


def with_article(stage: str) -> str:
    """A stage with the article before it."""
    words = word_stage(stage)
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def _word_short(facts: AdviceFacts) -> str:
    tenths = facts.distance or 0
    return f"{word_distance(tenths)} point{'' if abs(tenths) == 10 else 's'} below the threshold"


def _join(parts: tuple[str, ...]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
