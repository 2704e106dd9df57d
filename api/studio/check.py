"""What the reader makes of a card's text: mistakes at their lines, hints, and cases with what they expect and get."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from leadledger.api.studio.card_blocks import SINGULARS, split_card
from leadledger.scoring.card.hints import find_hints
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.cases import TriedCase, try_cases
from leadledger.scoring.errors import Problem, ScorecardError
from leadledger.scoring.scorecard import Card

CARD_FILE = "card.yaml"

_ABOUT_ITEM = re.compile(r"(\w+) '([a-z][a-z0-9_]*)'")


@dataclass(frozen=True)
class CardHint:
    """A hint, and the line that it is about; 0: the card as a whole."""

    line: int
    text: str


@dataclass(frozen=True)
class CheckedCard:
    """A card's text as the reader takes it. `card` is None where there are mistakes; hints and cases are empty then."""

    text: str
    card: Card | None
    mistakes: tuple[Problem, ...]
    hints: tuple[CardHint, ...] = ()
    cases: tuple[TriedCase, ...] = ()

    @property
    def failed(self) -> tuple[TriedCase, ...]:
        """The cases that fail."""
        return tuple(case for case in self.cases if not case.passes)

    def to_dict(self) -> dict[str, Any]:
        """JSON, in points; lines and columns count from 1."""
        card = self.card
        return {
            "readable": card is not None,
            "card": "" if card is None else card.name,
            "title": "" if card is None else card.title,
            "rules": 0 if card is None else card.count_rules(),
            "mistakes": [
                {"line": mistake.line, "column": mistake.column, "text": mistake.text} for mistake in self.mistakes
            ],
            "hints": [{"line": hint.line, "text": hint.text} for hint in self.hints],
            "cases": [_describe_case(case) for case in self.cases],
            "passed": len(self.cases) - len(self.failed),
            "failed": len(self.failed),
        }


def check_text(text: str, *, standard_names: bool = True) -> CheckedCard:
    """Read a card's text and run its cases. All mistakes are found at once; none is raised."""
    try:
        card = parse_card(text.removeprefix("\ufeff"), CARD_FILE, standard_names=standard_names)
    except ScorecardError as error:
        return CheckedCard(text, None, error.problems)
    return CheckedCard(text, card, (), tuple(_place_hints(text, card)), try_cases(card))


def _place_hints(text: str, card: Card) -> Iterator[CardHint]:
    """The hints, each with the line of the rule, field or other item that it begins with."""
    hints = find_hints(card)
    blocks = split_card(text) if hints else ()
    lines = {(SINGULARS.get(block.key.section), block.key.name): block.line for block in blocks or ()}
    for hint in hints:
        item = _ABOUT_ITEM.match(hint)
        yield CardHint(lines.get((item[1], item[2]), 0) if item else 0, hint)


def _describe_case(case: TriedCase) -> dict[str, Any]:
    return {
        "name": case.name,
        "line": case.line,
        "passes": case.passes,
        "points": case.points / 10,
        "outputs": [
            {
                "key": output.key,
                "expected": output.expected,
                "is": output.actual,
                "passes": not output.text,
                "text": output.text,
            }
            for output in case.outputs
        ],
    }
