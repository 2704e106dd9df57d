"""The reasons of each row: the entries that gain and that lose most, in words, and the standard error of the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.block_outputs import CodedColumn, number_values, spread_rows
from leadledger.scoring.arrays.coded import Coded, Items, add_up, combine, constant
from leadledger.scoring.arrays.counted_events import name_events
from leadledger.scoring.arrays.tally import BlockTally
from leadledger.scoring.arrays.terms import TermPoints
from leadledger.scoring.engine.each_entries import EachEntries
from leadledger.scoring.engine.ledger import LedgerWriter
from leadledger.scoring.engine.score import round_root
from leadledger.scoring.event_counts import EarnedByEvents
from leadledger.scoring.lookup import Combination, Term, list_bins
from leadledger.scoring.outputs import PLUS_MINUS, REASONS_PER_SIDE
from leadledger.scoring.result import format_entry
from leadledger.scoring.scorecard import Scorecard


@dataclass(frozen=True)
class _Entry:
    """An entry of the rows of a block: its points, and where each row's words are in `reasons`."""

    points: Items
    places: Items
    reasons: Sequence[str | None]


class ReasonArrays:
    """The words of a card's entries, made ready for blocks."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card
        self._lines = LedgerWriter(card).lines
        self._each_entries = {priced.rule.name: EachEntries(card, priced) for priced in card.each_rules}

    def describe(self, block: Block, tally: BlockTally, rows: int) -> dict[str, CodedColumn]:
        """The columns PLUS_MINUS and REASON_COLUMNS of `scoring/outputs.py`."""
        outputs = {PLUS_MINUS.name: self._find_errors(tally, rows)}
        entries = [*self._list_entries(tally, rows), *self._list_each_entries(block, tally, rows)]
        points = np.array([entry.points for entry in entries]) if entries else np.zeros((1, rows), np.int32)
        for side, sign in (("gain", 1), ("loss", -1)):
            left = points * sign
            for rank in range(1, REASONS_PER_SIDE + 1):
                best = left.argmax(axis=0)  # the first of those that tie
                earned = left[best, np.arange(rows)]
                outputs[f"{side}_{rank}"] = _word(entries, np.where(earned > 0, best, -1))
                left[best, np.arange(rows)] = 0
        return outputs

    def _list_entries(self, tally: BlockTally, rows: int) -> Iterator[_Entry]:
        """The entries that may be reasons, in the order of the ledger."""
        looked_up = [tally.rules[priced.rule.name].points for priced in self._card.rules]
        looked_up += [_find_cell(*pair) for pair in zip(self._card.learned.terms, tally.terms, strict=True)]
        for i, (value, known) in enumerate(zip(looked_up, self._lines, strict=True)):
            codes, keys = number_values(value, rows)
            lines = [known[key] if key or i >= len(self._card.rules) else None for key in keys]
            points = np.array([line[1].tenths if line else 0 for line in lines], np.int32)
            yield _Entry(points[codes], codes, [line[2] if line else None for line in lines])

    def _list_each_entries(self, block: Block, tally: BlockTally, rows: int) -> Iterator[_Entry]:
        """Those of rules for each event, which name how many events there were."""
        for priced in self._card.each_rules:
            rule, column = priced.rule.name, block.column(name_events(priced.rule.name))
            earned = spread_rows(tally.rules[rule].points, rows)
            events = spread_rows(Coded(column.axis, column.numbers()), rows)
            pairs, codes = np.unique(np.stack([earned, events]), axis=1, return_inverse=True)
            words = []
            for points, count in pairs.T.astype(int).tolist():
                reasons = self._each_entries[rule].list_reasons(EarnedByEvents(rule, points, count))
                words.append(next((format_entry(entry.tenths, entry.reason) for entry in reasons), None))
            yield _Entry(earned.astype(np.int32), codes.reshape(-1), words)

    def _find_errors(self, tally: BlockTally, rows: int) -> CodedColumn:
        """The standard error of the points; None where no term has one."""
        squares: list[Coded] = []
        for term, found in zip(self._card.learned.terms, tally.terms, strict=True):
            if isinstance(term, Combination):
                squares += [constant(term.error**2)] if term.error else []
            elif term.errors:
                errors = np.array(term.errors, np.int64).reshape(-1)
                squares.append(_find_cell(term, found).look_up(errors**2))
        if not squares:
            return CodedColumn(np.zeros(rows, np.intp), [None])
        codes, sums = number_values(add_up(squares), rows)
        return CodedColumn(codes, [round_root(total) / 10 for total in sums])


def _find_cell(term: Term, found: TermPoints) -> Coded:
    """The cell that each row falls in, as ledgers number them."""
    cell: Coded | None = None
    for place, bins in zip(found.places, list_bins(term), strict=True):
        size = len(bins)
        closed = combine(lambda place, size=size: np.where(place == size, 0, place), place)  # an open answer is missing
        cell = closed if cell is None else combine(lambda cell, at, size=size: cell * size + at, cell, closed)
    assert cell is not None
    return cell


def _word(entries: Sequence[_Entry], chosen: Items) -> CodedColumn:
    """The words of the chosen entry of each row; None where it is -1."""
    codes = np.zeros(len(chosen), np.intp)
    texts: list[str | None] = [None]
    for i, entry in enumerate(entries):
        rows = np.flatnonzero(chosen == i)
        if len(rows):
            codes[rows] = entry.places[rows] + len(texts)
            texts += entry.reasons
    return CodedColumn(codes, texts)
