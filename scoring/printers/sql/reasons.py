"""The SQL printer's last steps: the strongest entries of each lead, in words.

Each entry of the ledger that can gain points has a key, a whole number that no other entry of the lead has: its points
(tenths) times the number of entries, plus its place, counted from the end. So the largest key is the entry with the
most points, the first of those that tie, and both can be read back from it. Losses have keys of their own. That asks
for neither arrays nor sub-selects, which each engine spells in its own way.

Columns: `up:` and `down:` the keys of an entry, `e:` the words of a table or of a bin, `ll:gain_1` and so on the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from leadledger.scoring.lookup import Bins, Combination, Table, Term, list_leaves
from leadledger.scoring.outputs import REASON_COLUMNS, REASONS_PER_SIDE, names
from leadledger.scoring.printers.choices import LONGEST_CASE
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.result import format_entry
from leadledger.scoring.scorecard import PricedRule, Scorecard

LARGEST = 2**31 - 1  # of the integers that points are


@dataclass(frozen=True)
class _Entry:
    """A rule or a term: its place, the last one 0; the SQL of its points, and between what they lie (tenths)."""

    of: PricedRule | Term
    name: str
    place: int
    points: str
    low: int
    high: int

    @property
    def moves(self) -> bool:
        """Whether its points are known neither beforehand, as those of most rules, nor by a bin, as a table's."""
        return self.of.steps is not None if isinstance(self.of, PricedRule) else not isinstance(self.of, Table)


@dataclass(frozen=True)
class _Side:
    """Gains or losses: the prefix of the keys, the sign of the points and how it is written, and who can have them."""

    name: str
    prefix: str
    sign: int
    mark: str
    entries: tuple[_Entry, ...]

    @property
    def ranks(self) -> range:
        """The ranks that can be taken."""
        return range(1, min(REASONS_PER_SIDE, len(self.entries)) + 1)


def steps(
    card: Scorecard,
    dialect: Dialect,
    by_bin: Callable[[str, Bins, Sequence[object]], str],
    bin_name: Callable[[str, Bins, str], str],
) -> Iterator[tuple[str, str, list[str]]]:
    """The steps, each with its label, its reason and its columns; they end in a text `ll:…` for each of REASON_COLUMNS.

    A text is NULL where there are fewer such entries. `by_bin` prints a choice by the bin of a field, `bin_name` names
    the column of a bin of a pair or a combination, with some prefix. The points are in `r:…` and `t:…`.
    """
    printer = _Reasons(card, dialect, by_bin, bin_name)
    yield "keyed", "the keys of all entries that can gain, or lose, points", list(printer.keys())
    for rank in range(1, REASONS_PER_SIDE + 1):
        yield f"ranked_{rank}", "the largest keys, or the largest below those", list(printer.ranked(rank))
    yield "read", "the points and the places of these entries", list(printer.read())
    yield "labelled", "words of tables and of bins, and points that only the row knows", list(printer.labels())
    for one in names(REASON_COLUMNS):
        # A step for each: what several columns of a step ask, DuckDB works out beforehand, and for every row.
        yield f"told_{one}", "an entry in words", [f"{printer.words(one)} AS {dialect.name(f'll:{one}')}"]


class _Reasons:
    """The SQL of one card's reasons."""

    def __init__(
        self,
        card: Scorecard,
        dialect: Dialect,
        by_bin: Callable[[str, Bins, Sequence[object]], str],
        bin_name: Callable[[str, Bins, str], str],
    ) -> None:
        self.card = card
        self.dialect = dialect
        self.by_bin, self.bin_name = by_bin, bin_name
        self.name, self.text = dialect.name, dialect.text
        self.size = len(card.rules) + len(card.learned.terms)
        found: list[_Entry] = []
        for rule in card.rules:
            points = f"coalesce({self.name(f'r:{rule.rule.name}')}, 0)"
            ends = min(0, rule.points), max(0, rule.points)
            found.append(_Entry(rule, f"r:{rule.rule.name}", self.size - 1 - len(found), points, *ends))
        for term in card.learned.terms:
            label = f"t:{term.name}"
            found.append(_Entry(term, label, self.size - 1 - len(found), self.name(label), *_ends(term)))
        self.sides = (
            _Side("gain", "up", 1, "+", tuple(one for one in found if one.high > 0)),
            _Side("loss", "down", -1, "−", tuple(one for one in found if one.low < 0)),
        )

    def keys(self) -> Iterable[str]:
        """The key of each entry; below `size` where it has no such points."""
        for side in self.sides:
            for one in side.entries:
                points = one.points
                if side.sign > 0 and one.low < 0:
                    points = f"greatest({points}, 0)"
                elif side.sign < 0 and one.high > 0:
                    points = f"least({points}, 0)"
                if (max(-one.low, one.high) + 1) * self.size > LARGEST:
                    points = f"CAST({points} AS BIGINT)"
                yield f"{points} * {side.sign * self.size} + {one.place} AS {self.name(f'{side.prefix}:{one.name}')}"

    def ranked(self, rank: int) -> Iterable[str]:
        """The largest key of each side below that of the rank before."""
        for side in self.sides:
            if rank in side.ranks:
                keys = [self.name(f"{side.prefix}:{one.name}") for one in side.entries]
                if rank > 1:
                    last = self.name(f"ll:{side.prefix}_{rank - 1}")
                    keys = [f"CASE WHEN {one} < {last} THEN {one} ELSE 0 END" for one in keys]
                largest = f"greatest({', '.join(keys)})" if len(keys) > 1 else keys[0]
                yield f"{largest} AS {self.name(f'll:{side.prefix}_{rank}')}"

    def read(self) -> Iterable[str]:
        for side in self.sides:
            for rank in side.ranks:
                key = self.name(f"ll:{side.prefix}_{rank}")
                points = self.dialect.integer_division(key, self.size)
                yield f"{points} AS {self.points(side, rank)}"
                yield f"{key} - {self.size} * ({points}) AS {self.place(side, rank)}"

    def labels(self) -> Iterable[str]:
        """Words of each bin; of a table with its points, since a bin has the same for every lead."""
        made = set()
        for term in self.card.learned.terms:
            if isinstance(term, Table):
                cells = zip(term.points, term.bins.labels, strict=True)
                told = [format_entry(points, f"{self.title(term.field)}: {label}") for points, label in cells]
                yield f"{self.by_bin(term.field, term.bins, list(map(self.text, told)))} AS {self.label(term.field)}"
                continue
            for of, bins in zip(term.fields, term.bins, strict=True):
                column = self.label(of, bins)
                if column not in made:
                    made.add(column)
                    words = [self.text(f"{self.title(of)}: {label}") for label in bins.labels]
                    yield f"{self.by_bin(of, bins, words)} AS {column}"
        for side in self.sides:
            moving = [one.place for one in side.entries if one.moves]
            for rank in side.ranks if moving else ():
                points = self.points(side, rank)
                whole = self.dialect.integer_division(points, 10)
                varchar = self.dialect.types["VARCHAR"]
                tenths = f"CAST({whole} AS {varchar}) || '.' || CAST({points} - 10 * ({whole}) AS {varchar}) || ' '"
                asked = f"{points} > 0 AND {self.place(side, rank)} IN ({', '.join(map(str, moving))})"
                yield f"CASE WHEN {asked} THEN '{side.mark}' || {tenths} END AS {self.signed(side, rank)}"

    def words(self, wanted: str) -> str:
        """One of REASON_COLUMNS."""
        for side in self.sides:
            for rank in side.ranks:
                if wanted == f"{side.name}_{rank}":
                    branches = [(one.place, self.entry(side, rank, one)) for one in reversed(side.entries)]
                    found = self.choice(self.place(side, rank), branches)
                    return f"CASE WHEN {self.points(side, rank)} > 0 THEN {found} END"
        return f"CAST(NULL AS {self.dialect.types['VARCHAR']})"

    def entry(self, side: _Side, rank: int, one: _Entry) -> str:
        """An entry in a line, as `engine.said`."""
        if isinstance(one.of, Table):
            return self.label(one.of.field)
        if isinstance(one.of, PricedRule):
            if not one.moves:
                return self.text(format_entry(one.of.points, one.of.rule.reason))
            return f"{self.signed(side, rank)} || {self.text(one.of.rule.reason)}"
        labels = " || ', ' || ".join(self.label(of, bins) for of, bins in zip(one.of.fields, one.of.bins, strict=True))
        return f"{self.signed(side, rank)} || {labels}"

    def choice(self, place: str, branches: Sequence[tuple[int, str]]) -> str:
        """The SQL of the place that a row has; `branches` in ascending order of places."""
        if len(branches) <= LONGEST_CASE:
            cases = "".join(f" WHEN {at} THEN {found}" for at, found in branches)
            return f"CASE {place}{cases} END"
        half = len(branches) // 2
        lower, upper = self.choice(place, branches[:half]), self.choice(place, branches[half:])
        return f"CASE WHEN {place} < {branches[half][0]} THEN {lower} ELSE {upper} END"

    # -- columns ----------------------------------------------------------------------------------------------------

    def title(self, of: str) -> str:
        title: str = self.card.card.fields[of].title
        return title

    def label(self, of: str, bins: Bins | None = None) -> str:
        """The column of the words of a table, or of a bin of a pair or a combination."""
        return self.name(f"e:{of}") if bins is None else self.bin_name(of, bins, "e")

    def points(self, side: _Side, rank: int) -> str:
        return self.name(f"ll:{side.prefix}_{rank}:points")

    def place(self, side: _Side, rank: int) -> str:
        return self.name(f"ll:{side.prefix}_{rank}:place")

    def signed(self, side: _Side, rank: int) -> str:
        return self.name(f"ll:{side.prefix}_{rank}:signed")


def _ends(term: Term) -> tuple[int, int]:
    """Between what the points of a term lie (tenths)."""
    if isinstance(term, Combination):
        spans = [[leaf.points for leaf in list_leaves(tree)] for tree in term.trees]
        return sum(map(min, spans)), sum(map(max, spans))
    cells = term.points if isinstance(term, Table) else [cell for line in term.points for cell in line]
    return min(cells), max(cells)
