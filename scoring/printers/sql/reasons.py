"""The SQL printer's last steps: the strongest entries of each lead, in words.

Each entry of the ledger that can gain points has a key, a whole number that no other entry of the lead has: its points
(tenths) times the number of entries, plus its place, counted from the end. So the largest key is the entry with the
most points, the first of those that tie, and both can be read back from it. Losses have keys of their own. That needs
neither arrays nor sub-selects, which each engine spells in its own way.

Columns: `up:` and `down:` the keys of an entry, `e:` the words of a table or of a bin, `ll:gain_1` and so on the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadledger.scoring.bins import Bins
from leadledger.scoring.each_points import PricedEachRule, name_earned
from leadledger.scoring.lookup import Combination, Table, Term, list_leaves
from leadledger.scoring.outputs import REASON_COLUMNS, REASONS_PER_SIDE, list_names
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.printers.choices import LONGEST_CASE
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.points import PointsPrinter
from leadledger.scoring.printers.sql.query import name_counted, name_part
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.result import format_entry

LARGEST_INTEGER = 2**31 - 1  # in the engines; points are integers


@dataclass(frozen=True)
class _RankedEntry:
    """A rule or a term: its place, 0 for the last; the SQL of its points, and their least and most (tenths)."""

    of: PricedRule | PricedEachRule | Term
    name: str
    place: int
    points: Expression
    low: int
    high: int

    @property
    def moves(self) -> bool:
        """Whether only the row knows its points: not fixed, as of most rules, nor fixed by a bin, as of a table."""
        if isinstance(self.of, PricedEachRule):
            return True
        return self.of.steps is not None if isinstance(self.of, PricedRule) else not isinstance(self.of, Table)


@dataclass(frozen=True)
class _Side:
    """Gains or losses: the prefix of the keys, the sign of the points and how it is written, and the entries."""

    name: str
    prefix: str
    sign: int
    mark: str
    entries: tuple[_RankedEntry, ...]

    @property
    def ranks(self) -> range:
        """The ranks that can be taken."""
        return range(1, min(REASONS_PER_SIDE, len(self.entries)) + 1)

    def points(self, rank: int) -> str:
        """The column of the points of a rank."""
        return f"ll:{self.prefix}_{rank}:points"

    def place(self, rank: int) -> str:
        """The column of the place of the entry of a rank."""
        return f"ll:{self.prefix}_{rank}:place"

    def signed(self, rank: int) -> str:
        """The column of the points of a rank, as they are written."""
        return f"ll:{self.prefix}_{rank}:signed"


def reason_steps(points: PointsPrinter) -> Iterator[Step]:
    """The steps that end in a text `ll:…` for each of REASON_COLUMNS; NULL where there are fewer such entries.

    They read the points of the entries in `r:…` and `t:…`.
    """
    printer = ReasonPrinter(points)
    yield Step("keyed", "the keys of all entries that can gain, or lose, points", [*printer.keys()])
    for rank in range(1, REASONS_PER_SIDE + 1):
        columns = [*printer.ranked(rank)]
        yield Step(f"ranked_{rank}", "the largest keys, or the largest below those", columns)
    yield Step("read", "the points and the places of these entries", [*printer.split_keys()])
    yield Step("labelled", "words of tables and of bins, and points that only the row knows", [*printer.labels()])
    for name in list_names(REASON_COLUMNS):
        # A step for each: what several columns of a step read, DuckDB works out beforehand, and for every row.
        yield Step(f"told_{name}", "an entry in words", [StepColumn(f"ll:{name}", printer.words(name))])


class ReasonPrinter:
    """The SQL of one card's reasons."""

    def __init__(self, points: PointsPrinter) -> None:
        self.card = card = points.card
        self.by_bin, self.bin_name = points.by_bin, points.bin_name
        self.column, self.dialect = points.column, points.dialect
        self.text = points.dialect.text
        self.size = len(card.rules) + len(card.learned.terms) + len(card.each_rules)
        entries: list[_RankedEntry] = []
        for rule in card.rules:
            name = f"r:{rule.rule.name}"
            earned = write("coalesce({}, 0)", self.column(name))
            ends = min(0, rule.points), max(0, rule.points)
            entries.append(_RankedEntry(rule, name, self.size - 1 - len(entries), earned, *ends))
        for term in card.learned.terms:
            name = f"t:{term.name}"
            place = self.size - 1 - len(entries)
            entries.append(_RankedEntry(term, name, place, self.column(name), *_span(term)))
        for each in card.each_rules:
            name = name_counted(name_earned(each.rule.name))
            ends = (-LARGEST_INTEGER, 0) if each.points < 0 else (0, LARGEST_INTEGER)
            place = self.size - 1 - len(entries)
            entries.append(_RankedEntry(each, name, place, write("coalesce({}, 0)", self.column(name)), *ends))
        self.sides = (
            _Side("gain", "up", 1, "+", tuple(entry for entry in entries if entry.high > 0)),
            _Side("loss", "down", -1, "−", tuple(entry for entry in entries if entry.low < 0)),
        )

    def keys(self) -> Iterator[StepColumn]:
        """The key of each entry; below `size` where it has no such points."""
        for side in self.sides:
            for entry in side.entries:
                points = entry.points
                if side.sign > 0 and entry.low < 0:
                    points = write("greatest({}, 0)", points)
                elif side.sign < 0 and entry.high > 0:
                    points = write("least({}, 0)", points)
                if (max(-entry.low, entry.high) + 1) * self.size > LARGEST_INTEGER:
                    points = write("CAST({} AS BIGINT)", points)
                key = write("{} * {} + {}", points, side.sign * self.size, entry.place)
                yield StepColumn(f"{side.prefix}:{entry.name}", key)

    def ranked(self, rank: int) -> Iterator[StepColumn]:
        """The largest key of each side below that of the rank before."""
        for side in self.sides:
            if rank in side.ranks:
                keys = [self.column(f"{side.prefix}:{entry.name}") for entry in side.entries]
                if rank > 1:
                    last = self.column(f"ll:{side.prefix}_{rank - 1}")
                    keys = [write("CASE WHEN {} < {} THEN {} ELSE 0 END", key, last, key) for key in keys]
                largest = write("greatest({})", join(", ", keys)) if len(keys) > 1 else keys[0]
                yield StepColumn(f"ll:{side.prefix}_{rank}", largest)

    def split_keys(self) -> Iterator[StepColumn]:
        """The points and the place that each of the largest keys holds."""
        for side in self.sides:
            for rank in side.ranks:
                key = self.column(f"ll:{side.prefix}_{rank}")
                points = spell(self.dialect.integer_division, key, self.size)
                yield StepColumn(side.points(rank), points)
                yield StepColumn(side.place(rank), write("{} - {} * ({})", key, self.size, points))

    def labels(self) -> Iterator[StepColumn]:
        """Words of each bin; of a table with its points, since a bin has the same for every lead."""
        made = set()
        for term in self.card.learned.terms:
            if isinstance(term, Table):
                cells = zip(term.points, term.bins.labels, strict=True)
                texts = [format_entry(points, f"{self.title(term.field)}: {label}") for points, label in cells]
                words = self.by_bin(term.field, term.bins, list(map(self.text, texts)))
                yield StepColumn(self.label(term.field), words)
                continue
            for name, bins in zip(term.fields, term.bins, strict=True):
                column = self.label(name, bins)
                if column not in made:
                    made.add(column)
                    texts = [f"{self.title(name)}: {label}" for label in bins.labels]
                    yield StepColumn(column, self.by_bin(name, bins, list(map(self.text, texts))))
        yield from self._signed_points()

    def _signed_points(self) -> Iterator[StepColumn]:
        """The points, as they are written, of entries whose points only the row knows."""
        for side in self.sides:
            moving = [entry.place for entry in side.entries if entry.moves]
            for rank in side.ranks if moving else ():
                points, place = self.column(side.points(rank)), self.column(side.place(rank))
                whole = spell(self.dialect.integer_division, points, 10)
                varchar = self.dialect.types["VARCHAR"]
                tenths = write("CAST({} - 10 * ({}) AS {})", points, whole, varchar)
                number = write("CAST({} AS {}) || '.' || {} || ' '", whole, varchar, tenths)
                wanted = write("{} > 0 AND {} IN ({})", points, place, ", ".join(map(str, moving)))
                signed = write("CASE WHEN {} THEN '{}' || {} END", wanted, side.mark, number)
                yield StepColumn(side.signed(rank), signed)

    def words(self, name: str) -> Expression:
        """The text of one of REASON_COLUMNS."""
        for side in self.sides:
            for rank in side.ranks:
                if name == f"{side.name}_{rank}":
                    branches = [(entry.place, self.entry(side, rank, entry)) for entry in reversed(side.entries)]
                    text = self.choice(self.column(side.place(rank)), branches)
                    return write("CASE WHEN {} > 0 THEN {} END", self.column(side.points(rank)), text)
        return Expression(f"CAST(NULL AS {self.dialect.types['VARCHAR']})")

    def entry(self, side: _Side, rank: int, entry: _RankedEntry) -> Expression:
        """An entry in a line, as `result.format_entry`."""
        of = entry.of
        if isinstance(of, Table):
            return self.column(self.label(of.field))
        signed = self.column(side.signed(rank))
        if isinstance(of, PricedEachRule):
            events = self.column(name_part("events", of.rule.name))
            plural = write("CASE WHEN {} = 1 THEN ' event)' ELSE ' events)' END", events)
            reason = self.text(f"{of.rule.reason} (")
            return write("{} || {} || {} || {}", signed, reason, spell(self._grouped, events), plural)
        if isinstance(of, PricedRule):
            if not entry.moves:
                return Expression(self.text(format_entry(of.points, of.rule.reason)))
            return write("{} || {}", signed, self.text(of.rule.reason))
        labels = [self.column(self.label(name, bins)) for name, bins in zip(of.fields, of.bins, strict=True)]
        return write("{} || {}", signed, join(" || ', ' || ", labels))

    def _grouped(self, count: str) -> str:
        """A whole number with commas between thousands."""
        varchar, divide = self.dialect.types["VARCHAR"], self.dialect.integer_division

        def last_digits(value: str) -> str:
            return f"lpad(CAST({value} - 1000 * ({divide(value, 1000)}) AS {varchar}), 3, '0')"

        thousands, millions = f"({divide(count, 1000)})", f"({divide(count, 1_000_000)})"
        return (
            f"CASE WHEN {count} < 1000 THEN CAST({count} AS {varchar}) WHEN {count} < 1000000"
            f" THEN CAST({thousands} AS {varchar}) || ',' || {last_digits(count)}"
            f" ELSE CAST({millions} AS {varchar}) || ',' || {last_digits(thousands)} || ',' || {last_digits(count)} END"
        )

    def choice(self, place: Expression, branches: Sequence[tuple[int, Expression]]) -> Expression:
        """The text of the place that a row has; `branches` in ascending order of places."""
        if len(branches) <= LONGEST_CASE:
            cases = [write(" WHEN {} THEN {}", at, text) for at, text in branches]
            return write("CASE {}{} END", place, join("", cases))
        half = len(branches) // 2
        lower, upper = self.choice(place, branches[:half]), self.choice(place, branches[half:])
        return write("CASE WHEN {} < {} THEN {} ELSE {} END", place, branches[half][0], lower, upper)

    def title(self, name: str) -> str:
        """What people call a field."""
        title: str = self.card.card.fields[name].title
        return title

    def label(self, name: str, bins: Bins | None = None) -> str:
        """The column of the words of a table, or of a bin of a pair or a combination."""
        return f"e:{name}" if bins is None else self.bin_name(name, bins, "e")


def _span(term: Term) -> tuple[int, int]:
    """The least and the most points of a term (tenths)."""
    if isinstance(term, Combination):
        spans = [[leaf.points for leaf in list_leaves(tree)] for tree in term.trees]
        return sum(map(min, spans)), sum(map(max, spans))
    cells = term.points if isinstance(term, Table) else [cell for line in term.points for cell in line]
    return min(cells), max(cells)
