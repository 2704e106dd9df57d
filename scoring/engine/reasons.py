"""The sentences that a recommendation rests on: what the gate says of a lead, and its most telling entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from leadledger.scoring.advice import word_cooling, word_day, word_hold
from leadledger.scoring.engine.ledger import Line
from leadledger.scoring.engine.standing import Decision, LeadStanding
from leadledger.scoring.exploration import describe_draw
from leadledger.scoring.outputs import REASONS_PER_SIDE, Verdict
from leadledger.scoring.result import format_unsigned

RANK = itemgetter(0)


def word_gate(standing: LeadStanding, decision: Decision, total: int, high: int, as_of: date) -> list[str]:
    """What the gate before a lead says of it, in sentences; `total` and `high` (tenths) are those of its tally."""
    verdict, _, advice, chance, _ = decision
    cause = advice.cause if advice is not None else ""
    sentences = []
    if chance is not None and chance.is_explored and verdict == "promote":
        sentences.append(describe_draw(chance.propensity))
    if advice is not None and cause == "cooling":
        sentences.append(word_cooling(advice, as_of))
    sentences += standing.unmet
    if cause == "held":
        sentences += [f"{sentence}, which doesn't end a promotion" for sentence in standing.unknown]
    else:
        sentences += standing.unknown
    sentences += standing.closed
    if total < standing.limit:
        short = f"{format_unsigned(total)} points, {format_unsigned(standing.limit)} are needed"
        more = f"answers could bring up to {format_unsigned(high)}" if verdict == "ask" else ""
        if advice is not None and standing.gate is not None and not more:
            more = word_hold(advice, standing.gate, as_of)
        sentences.append(f"{short}; {more}" if more else short)
    if advice is not None and cause == "demoted" and advice.below_since is None and not standing.unmet:
        sentences.append(f"demoted on {word_day(advice.since, as_of)}")
    return sentences


def find_strongest(verdict: Verdict, lines: Sequence[Line]) -> list[str]:
    """The words of the most telling lines on either side; of two with the same points the first comes first."""
    ranked = sorted(lines, key=RANK)
    gains = [words for rank, _, words in ranked[: -REASONS_PER_SIDE - 1 : -1] if rank > 0]
    losses = [words for rank, _, words in ranked[:REASONS_PER_SIDE] if rank < 0]
    return losses + gains if verdict in ("nurture", "demote") else gains + losses
