"""The sentences that a recommendation rests on: what the gate says of a lead, and its most telling entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from leadledger.scoring.advice import Advice, word_cooling, word_day, word_hold
from leadledger.scoring.engine.ledger import Line
from leadledger.scoring.exploration import Chance, describe_draw
from leadledger.scoring.gate import Gate
from leadledger.scoring.outputs import REASONS_PER_SIDE, Verdict
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.scorecard import Scorecard

RANK = itemgetter(0)
NO_STAGES = "the card has no stages"
NOTHING_TO_DECIDE = "nothing is left to decide by points at this stage"


class ReasonWriter:
    """The words of a scorecard for its gates and exclusions."""

    def __init__(self, card: Scorecard) -> None:
        self._titles = [asked.title for asked in card.required]
        self._exclusions = [exclusion.reason for exclusion in card.card.exclude]
        self._without_gate = NOTHING_TO_DECIDE if card.card.stages else NO_STAGES

    def word_exclusions(self, excluded: Sequence[bool | None]) -> tuple[str, ...]:
        """Why a lead is disqualified."""
        return tuple(reason for reason, fires in zip(self._exclusions, excluded, strict=True) if fires)

    def word_gate(
        self,
        gate: Gate | None,
        verdict: Verdict,
        criteria: Sequence[bool | None],
        total: int,
        high: int,
        chance: Chance | None,
        advice: Advice | None,
        as_of: date,
    ) -> list[str]:
        """What a gate says of a lead, in sentences."""
        sentences = []
        if chance is not None and chance.is_explored and verdict == "promote":
            sentences.append(describe_draw(chance.propensity))
        cause = ""
        if advice is not None:
            cause = advice.cause
            if cause == "cooling":
                sentences.append(word_cooling(advice, as_of))
        if gate is None:
            sentences.append(self._without_gate)
            return sentences
        unmet = [self._titles[i] for i in gate.requires if criteria[i] is False]
        sentences += [f"{title} is not met" for title in unmet]
        unknown = "is not known, which doesn't end a promotion" if cause == "held" else "is not known"
        sentences += [f"{self._titles[i]} {unknown}" for i in gate.requires if criteria[i] is None]
        threshold = gate.threshold
        if threshold.closed:
            sentences.append(threshold.closed)
        elif threshold.points is not None and total < threshold.points:
            short = f"{format_unsigned(total)} points, {format_unsigned(threshold.points)} are needed"
            more = f"answers could bring up to {format_unsigned(high)}" if verdict == "ask" else ""
            more = more or (word_hold(advice, gate, as_of) if advice else "")
            sentences.append(f"{short}; {more}" if more else short)
        if advice and cause == "demoted" and advice.below_since is None and not unmet:
            sentences.append(f"demoted on {word_day(advice.since, as_of)}")
        return sentences


def find_strongest(verdict: Verdict, lines: Sequence[Line]) -> list[str]:
    """The words of the most telling lines on either side; of two with the same points the first comes first."""
    ranked = sorted(lines, key=RANK)
    gains = [words for rank, _, words in ranked[: -REASONS_PER_SIDE - 1 : -1] if rank > 0]
    losses = [words for rank, _, words in ranked[:REASONS_PER_SIDE] if rank < 0]
    return losses + gains if verdict in ("nurture", "demote") else gains + losses
