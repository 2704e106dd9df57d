"""The proof of an import: the old formula and the card on the same leads, with the differences by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from leadledger.api.formulas.card_text import ImportedCard
from leadledger.api.formulas.group_limits import OldScore
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import LeadError
from leadledger.scoring.scorecard import build_untrained

START = 500  # tenths that every lead has before any rule of a card
LIMITS = "limits"  # the place of what differs without any rule that does
MOST_TENTHS_APART = 0.5  # less than half of a tenth apart is the same: a card's points are whole tenths
Events = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class RuleDifference:
    """A part of the old formula that some leads don't get from the card alike.

    `path` is its place in the file, `rule` the card's name for it (empty: the card hasn't got it), `leads` how many
    differ, `largest` the points of the card less the old ones, where they lie farthest apart.
    """

    path: str
    rule: str
    leads: int
    largest: float


@dataclass(frozen=True)
class Parity:
    """How many leads were compared, how many have the same total, and the differences. `refused` can't be read."""

    leads: int
    same: int
    refused: int
    differences: tuple[RuleDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return asdict(self)


def compare_scores(
    imported: ImportedCard,
    leads: Iterable[tuple[Mapping[str, Any], Events]],
    as_of: date,
    score_old: Callable[[Mapping[str, Any], Events], OldScore],
) -> Parity:
    """Score leads, each with its events, by both. `score_old` is the interpreter of the old formula."""
    card = parse_card(imported.text)
    engine = get_engine(build_untrained(card))
    names = {rule.origin: name for name, rule in imported.rules.items()}
    origins = {name: rule.origin for name, rule in imported.rules.items()}
    compared = same = refused = 0
    apart: dict[str, list[float]] = defaultdict(list)
    for lead, events in leads:
        try:
            result = engine.score(lead, as_of, events=events if card.events else None)
        except LeadError:
            refused += 1
            continue
        compared += 1
        old = score_old(lead, events)
        mine: dict[str, float] = defaultdict(float)
        for entry in result.ledger:
            if entry.name in origins:
                mine[origins[entry.name]] += entry.tenths
        differences = {path: mine.get(path, 0) - 10 * old.points.get(path, 0) for path in {*mine, *old.points}}
        differences = {path: tenths for path, tenths in differences.items() if abs(tenths) >= MOST_TENTHS_APART}
        is_same = abs(result.tenths - START - 10 * old.total) < MOST_TENTHS_APART
        same += is_same
        if not differences and not is_same:
            differences = {LIMITS: result.tenths - START - 10 * old.total}
        for path, tenths in differences.items():
            apart[path].append(tenths)
    listed = (
        RuleDifference(path, names.get(path, ""), len(tenths), max(tenths, key=abs) / 10)
        for path, tenths in apart.items()
    )
    return Parity(
        compared, same, refused, tuple(sorted(listed, key=lambda difference: (-difference.leads, difference.path)))
    )
