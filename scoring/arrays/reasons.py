"""The reasons of each row: the entries that gain and that lose most, in words, and the standard error of the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from leadledger.scoring.arrays.block import Block
from leadledger.scoring.arrays.block_outputs import CodedColumn, number_values, spread_rows
from leadledger.scoring.arrays.coded import ROWS, CodeAxis, Coded, Items, add_up, combine, constant
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
    """An entry of the rows: codes along an axis, and what they number: points (tenths) and words, if there are any."""

    axis: CodeAxis
    codes: Items
    points: Sequence[int]
    words: Sequence[str | None]


class ReasonArrays:
    """The words of a card's entries, made ready for blocks."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card
        self._lines = LedgerWriter(card).lines
        self._each_entries = {priced.rule.name: EachEntries(card, priced) for priced in card.each_rules}

    def describe(self, block: Block, tally: BlockTally, rows: int) -> dict[str, CodedColumn]:
        """The columns PLUS_MINUS and REASON_COLUMNS of `scoring/outputs.py`."""
        strongest = {side: [np.zeros(rows, np.int64) for _ in range(REASONS_PER_SIDE)] for side in ("gain", "loss")}
        entries = [*self._list_entries(tally, rows), *self._list_each_entries(block, tally, rows)]
        words: list[str | None] = [None, *(text for entry in entries for text in entry.words)]
        # The key of an entry: its points, then its place, the earlier the larger, then the number of its words.
        word_size, place_size = 1 << len(words).bit_length(), 1 << len(entries).bit_length()
        number = 1
        for place, entry in enumerate(entries, start=1):
            numbers = (place_size - place) * word_size + np.arange(number, number + len(entry.words))
            number += len(entry.words)
            for side, points in (("gain", np.array(entry.points)), ("loss", -np.array(entry.points))):
                if (points > 0).any():
                    keys = np.where(points > 0, points * (place_size * word_size) + numbers, 0)
                    _rank(strongest[side], spread_rows(Coded(entry.axis, keys[entry.codes]), rows))
        outputs = {PLUS_MINUS.name: self._find_errors(tally, rows)}
        for side, ranks in strongest.items():
            outputs |= {
                f"{side}_{rank}": CodedColumn(keys % word_size, words) for rank, keys in enumerate(ranks, start=1)
            }
        return outputs

    def _list_entries(self, tally: BlockTally, rows: int) -> Iterator[_Entry]:
        """The entries that may be reasons, in the order of the ledger."""
        looked_up = [tally.rules[priced.rule.name].points for priced in self._card.rules]
        looked_up += [_find_cell(*pair) for pair in zip(self._card.learned.terms, tally.terms, strict=True)]
        for i, (value, known) in enumerate(zip(looked_up, self._lines, strict=True)):
            axis = value.axis
            if axis is ROWS:
                codes, keys = number_values(value, rows)
            else:
                distinct, codes = np.unique(value.items, return_inverse=True)
                keys = distinct.tolist()
            lines = [known[key] if key or i >= len(self._card.rules) else None for key in keys]
            yield _Entry(
                axis,
                codes,
                [line[1].tenths if line else 0 for line in lines],
                [line[2] if line else None for line in lines],
            )

    def _list_each_entries(self, block: Block, tally: BlockTally, rows: int) -> Iterator[_Entry]:
        """Those of rules for each event, which name how many events there were."""
        for priced in self._card.each_rules:
            rule, column = priced.rule.name, block.column(name_events(priced.rule.name))
            earned = spread_rows(tally.rules[rule].points, rows)
            events = spread_rows(Coded(column.axis, column.numbers()), rows)
            pairs, codes = np.unique(np.stack([earned, events]), axis=1, return_inverse=True)
            points, counts = pairs.astype(int).tolist()
            yield _Entry(ROWS, codes.reshape(-1), points, [*map(partial(self._word_events, rule), points, counts)])

    def _word_events(self, rule: str, points: int, events: int) -> str | None:
        entries = self._each_entries[rule].list_reasons(EarnedByEvents(rule, points, events))
        return next((format_entry(entry.tenths, entry.reason) for entry in entries), None)

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


def _rank(strongest: list[Items], keys: Items) -> None:
    """Put the keys of an entry among the largest so far, which are in order."""
    for rank, best in enumerate(strongest):
        strongest[rank] = np.maximum(best, keys)
        keys = np.minimum(best, keys)
