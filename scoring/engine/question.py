"""Which question to ask first: the one whose answer is most likely to settle the recommendation.

For every field with a question, the answers that could come (`list_answers`) are worked out once, with a share each:
learned tables know how often each bin occurs; without one, all answers count alike. For a lead, an answer shifts the
points and settles criteria as it would for a lead of whom nothing else is known: near enough for a ranking, and fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from leadledger.scoring.gate import Gate
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


def rank_questions(
    askables: Sequence[AskableField],
    values: Mapping[str, Typed],
    gate: Gate,
    criteria: Sequence[bool | None],
    total: int,
    high: int,
) -> tuple[Question, ...]:
    """The open questions of a lead that is to be asked about, the most telling first.

    An answer settles the matter where it makes a required criterion unmet, where the threshold is out of reach, or
    where it is reached and no required criterion is left unknown: where `gate.decide` would no longer say `ask`.
    """
    threshold = gate.threshold.points
    unknown = {i for i in gate.requires if criteria[i] is None}
    questions = []
    still_open = [askable for askable in askables if values[askable.field] is None]
    for askable in [askable for askable in still_open if askable.telling] or still_open:
        rest = max(high - max(askable.high, 0), total)
        settles = 0.0
        for answer in askable.answers:
            left = len(unknown)
            for i, met in answer.criteria:
                if i in unknown:
                    left = left - 1 if met else -len(criteria)
            if left < 0:
                settles += answer.share
            elif threshold is None or total + answer.shift >= threshold:
                if not left:
                    settles += answer.share
            elif rest + answer.shift < threshold:
                settles += answer.share
        questions.append(Question(askable.field, askable.text, settles))
    questions.sort(key=lambda question: -question.settles)
    return tuple(questions)
