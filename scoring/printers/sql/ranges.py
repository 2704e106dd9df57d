"""What is unknown, as SQL: the least and the most that answers to open questions could still make of the total."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

from leadledger.scoring.lookup import Combination, Pair, Term, list_leaves
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.printers.choices import group_trees
from leadledger.scoring.printers.sql.conditions import bracketed
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, join, spell, write
from leadledger.scoring.printers.sql.points import PointsPrinter, cut
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Scorecard

End: TypeAlias = Literal["low", "high"]
_NOTHING = Expression("0")


class RangePrinter:
    """The range of the total of one card; or of the part of it that `card` holds, over the columns of the whole."""

    def __init__(self, points: PointsPrinter, card: Scorecard | None = None) -> None:
        self.points = points
        self.card = card or points.card
        self.column, self.field, self.dialect = points.column, points.field, points.dialect

    # -- rules and groups -------------------------------------------------------------------------------------------

    def is_open(self, rule: PricedRule) -> Expression:
        """Whether a rule is unknown, and a question could settle it."""
        missing = join(" OR ", [write("{} IS NULL", self.field(name)) for name in rule.askable])
        return write("{} IS NULL AND ({})", self.column(f"r:{rule.rule.name}"), missing)

    def span(self, rule: PricedRule) -> dict[End, Expression]:
        """The least and the most that an open rule could bring."""
        worth = Expression(str(rule.points))
        if rule.steps is not None:
            worth = write("coalesce({}, {})", self.column(f"w:{rule.rule.name}"), worth)
        return {"low": worth, "high": _NOTHING} if rule.points < 0 else {"low": _NOTHING, "high": worth}

    def grouped(self) -> Iterator[StepColumn]:
        """The plain sum of each group, and of a `best_of` group the best; then the range of either."""
        for group in self.card.groups:
            total = self.points.plain_sum(group)
            yield StepColumn(f"s:{group.name}", total)
            open_rules = [(self.is_open(rule), self.span(rule)) for rule in self.points.members(group) if rule.askable]
            if group.best_of:
                yield from self._best(group, open_rules)
                continue
            ends: tuple[End, ...] = ("low", "high")
            for end in ends:
                moves = [write("CASE WHEN {} THEN {} ELSE 0 END", is_open, span[end]) for is_open, span in open_rules]
                yield StepColumn(_end_of(group, end), join(" + ", [total, *moves]))

    def _best(self, group: Group, open_rules: list[tuple[Expression, dict[End, Expression]]]) -> Iterator[StepColumn]:
        """The best rule of a group, and the least and the most that the best could be."""
        best = self.points.best(group)
        yield StepColumn(f"m:{group.name}", best)
        lows = [write("CASE WHEN {} THEN {} ELSE 0 END", is_open, span["low"]) for is_open, span in open_rules]
        least = write("least(0, {})", join(", ", lows)) if lows else _NOTHING
        yield StepColumn(_end_of(group, "low"), write("coalesce({}, {})", best, least))
        highs = [write("CASE WHEN {} THEN {} END", is_open, span["high"]) for is_open, span in open_rules]
        yield StepColumn(_end_of(group, "high"), self.points.most([write("coalesce({}, 0)", best), *highs]))

    # -- the whole --------------------------------------------------------------------------------------------------

    def moves(self, end: End, total: Expression) -> Iterator[Expression]:
        """A total, and what each open question could move it by toward one end; they add up."""
        yield total
        settled = find_lone_effects(self.card)
        for answer in settled:
            shift = answer.low if end == "low" else answer.high
            yield write("CASE WHEN {} IS NULL THEN {} ELSE 0 END", self.field(answer.field), shift)
        settled_rules = {name for answer in settled for name in answer.rules}
        for rule in self.card.rules:
            if rule.rule.group or rule.rule.name in settled_rules:
                continue
            if rule.askable and (move := self.span(rule)[end]) != _NOTHING:
                yield write("CASE WHEN {} THEN {} ELSE 0 END", self.is_open(rule), move)
        for group in self.card.groups:
            if any(rule.askable for rule in self.points.members(group)):
                now, then = cut(group, self.points.worth(group)), cut(group, self.column(_end_of(group, end)))
                yield write("{} - ({})", then, now)
        settled_terms = {name for answer in settled for name in answer.terms}
        for term in self.card.learned.terms:
            if term.name not in settled_terms:
                yield from self._term_moves(term, min if end == "low" else max)

    def _term_moves(self, term: Term, extreme: Callable[[Iterable[int]], int]) -> list[Expression]:
        """What open answers could make of a term."""
        if isinstance(term, Combination):
            return self._combination_moves(term, extreme)
        if isinstance(term, Pair):
            return self._pair_moves(term, extreme)
        if not self.card.find_askable(term.fields):
            return []
        missing, points = self.is_missing(term.field), self.column(f"t:{term.name}")
        return [write("CASE WHEN {} THEN {} - {} ELSE 0 END", missing, extreme(term.points), points)]

    def _pair_moves(self, pair: Pair, extreme: Callable[[Iterable[int]], int]) -> list[Expression]:
        points = self.column(f"t:{pair.name}")
        row, column = self.points.bin_columns(pair)
        first, second = (self.is_missing(name) if self.card.find_askable((name,)) else None for name in pair.fields)
        cases = []
        if first and second:
            most = extreme(cell for line in pair.points for cell in line)
            cases.append(write("WHEN {} AND {} THEN {} - {}", first, second, most, points))
        if first:
            by_column = [extreme(cells) for cells in zip(*pair.points, strict=True)]
            cases.append(write("WHEN {} THEN {} - {}", first, spell(self.dialect.element, by_column, column), points))
        if second:
            by_row = [extreme(cells) for cells in pair.points]
            cases.append(write("WHEN {} THEN {} - {}", second, spell(self.dialect.element, by_row, row), points))
        return [write("CASE {} ELSE 0 END", join(" ", cases))] if cases else []

    def _combination_moves(self, term: Combination, extreme: Callable[[Iterable[int]], int]) -> list[Expression]:
        """What open answers could make of a combination: any leaf of each tree that asks for one."""
        askable = frozenset(name for name in term.fields if self.card.find_askable((name,)))
        moves = []
        for names, trees in group_trees(term, askable):
            if names:
                most = sum(extreme(leaf.points for leaf in list_leaves(term.trees[i])) for i in trees)
                now = self.column(f"t:{term.name}")
                if len(trees) < len(term.trees):
                    now = bracketed(join(" + ", [self.points.tree(term, term.trees[i]) for i in trees]))
                missing = join(" OR ", map(self.is_missing, names))
                moves.append(write("CASE WHEN {} THEN {} - {} ELSE 0 END", missing, most, now))
        return moves

    def is_missing(self, name: str) -> Expression:
        """Whether a learned field is missing, and a question could bring it."""
        roots = self.card.find_askable((name,))
        missing = write("{} IS NULL", self.field(name))
        if roots == (name,):
            return missing
        return write("({} AND ({}))", missing, join(" OR ", [write("{} IS NULL", self.field(root)) for root in roots]))


def _end_of(group: Group, end: End) -> str:
    """The column of the least or the most that a group could bring."""
    return f"{end[0]}:{group.name}"
