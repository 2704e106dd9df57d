"""Which question to ask first: the one whose answer is most likely to settle the recommendation.

For every field with a question, the answers that could come (`list_answers`) are worked out once, with a share each:
learned tables know how often each bin occurs; without one, all answers count alike. For a lead, an answer shifts the
points and settles criteria as it would for a lead of whom nothing else is known: near enough for a ranking, and fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from leadledger.scoring.engine.standing import LeadStanding
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.meaning.answers import ANY_DAY, list_answers
from leadledger.scoring.result import Question
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed


@dataclass(frozen=True)
class PossibleAnswer:
    """A possible answer: its share of all answers, how it moves the total (tenths), the criteria it settles."""

    share: float
    shift: int
    criteria: tuple[tuple[int, bool], ...]

    def count_left(self, unknown: tuple[int, ...]) -> int | None:
        """How many of some unknown criteria it leaves unknown; None: it makes one of them unmet."""
        settled = [met for i, met in self.criteria if i in unknown]
        return len(unknown) - len(settled) if all(settled) else None


@dataclass(frozen=True)
class AskableField:
    """A field with its possible answers, and the most that one of them moves the total (tenths).

    `telling`: an answer changes something by itself, and not only together with others.
    """

    field: str
    text: str
    answers: tuple[PossibleAnswer, ...]
    high: int
    telling: bool


def prepare_questions(
    card: Scorecard, tally: Callable[[Mapping[str, Typed], date], tuple[Any, ...]]
) -> tuple[AskableField, ...]:
    """The possible answers to every question of a card. `tally` is the printed Python of the card."""
    blank: dict[str, Typed] = dict.fromkeys(card.card.input_names)
    base, *_, base_criteria, _ = tally(blank, ANY_DAY)
    askables = []
    for name, text in card.card.questions.items():
        shares: dict[tuple[int, tuple[tuple[int, bool], ...]], float] = {}
        for value, share in list_answers(card, card.card.fields[name]):
            total, *_, criteria, _ = tally({**blank, name: value}, ANY_DAY)
            settled = tuple(
                (i, now)
                for i, (now, before) in enumerate(zip(criteria, base_criteria, strict=True))
                if now is not None and before is None
            )
            # Answers with the same effect are one, so that a lead is asked in a handful of steps.
            shares[total - base, settled] = shares.get((total - base, settled), 0.0) + share
        possible = tuple(PossibleAnswer(share, shift, settled) for (shift, settled), share in shares.items())
        high = max((answer.shift for answer in possible), default=0)
        askables.append(
            AskableField(name, text, possible, high, any(answer.shift or answer.criteria for answer in possible))
        )
    return tuple(askables)


class OpenQuestion(NamedTuple):
    """A question to leads of whom some criteria are unknown.

    Of each answer it has the share, how it moves the total (tenths), and how many of these criteria it leaves unknown,
    of those that a stage requires; None: it makes one unmet. `high` is the most (tenths) that an answer brings.
    """

    field: str
    text: str
    telling: bool
    high: int
    answers: tuple[tuple[float, int, int | None], ...]


class QuestionWriter:
    """The questions of a card, made ready."""

    def __init__(self, card: Scorecard, tally: Callable[[Mapping[str, Typed], date], tuple[Any, ...]]) -> None:
        self.askables = prepare_questions(card, tally)
        self._by_unknown = KnownResults(self._narrow)

    def rank(self, values: Mapping[str, Typed], standing: LeadStanding, total: int, high: int) -> tuple[Question, ...]:
        """The open questions of a lead that is to be asked about, the most telling first.

        An answer settles the matter where it makes a required criterion unmet, where the threshold is out of reach, or
        where it is reached and no required criterion is left unknown: where `gate.decide` would no longer say `ask`.
        """
        limit = standing.limit
        still_open = [item for item in self._by_unknown[standing.asked] if values[item.field] is None]
        questions = []
        for field, text, _, most, answers in [item for item in still_open if item.telling] or still_open:
            rest = max(high - most, total)
            settles = 0.0
            for share, shift, left in answers:
                if left is None or (not left if total + shift >= limit else rest + shift < limit):
                    settles += share
            questions.append(Question(field, text, settles))
        questions.sort(key=attrgetter("settles"), reverse=True)
        return tuple(questions)

    def _narrow(self, unknown: tuple[int, ...]) -> tuple[OpenQuestion, ...]:
        """All questions, to leads of whom these required criteria are unknown."""
        return tuple(
            [
                OpenQuestion(
                    askable.field,
                    askable.text,
                    askable.telling,
                    max(askable.high, 0),
                    tuple([(answer.share, answer.shift, answer.count_left(unknown)) for answer in askable.answers]),
                )
                for askable in self.askables
            ]
        )
