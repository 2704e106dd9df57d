"""A scorecard as Polars expressions: what a person who knows Polars would write by hand for one card and one list.

Values are taken to be clean: numbers, flags and days are read by their types as the file is parsed, texts that the card
lists are an Enum, other texts are put in lower case. Nothing is checked, rejected or counted. `&` and `|` of Polars are
three-valued, and a null stays null in comparisons, so that conditions print as they stand. Numbers are binned by a
chain of when/then, which is faster than `search_sorted` and is streamed; texts by their numbers in an Enum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import TypeAlias

import polars as pl

from leadledger.scoring import tree
from leadledger.scoring.bins import Bins, NumberBins, TextBins
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.field import Field
from leadledger.scoring.gate import Gate
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term, find_branch_fields, list_leaves
from leadledger.scoring.meaning.answers import find_lone_effects
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import START_TENTHS, TENTHS_PER_DOUBLING, Scorecard

_TYPES = {"number": pl.Float64, "flag": pl.Boolean, "date": pl.Date, "text": pl.String, "id": pl.String}
_COMPARISONS: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": pl.Expr.eq,
    "<>": pl.Expr.ne,
    "<": pl.Expr.lt,
    "<=": pl.Expr.le,
    ">": pl.Expr.gt,
    ">=": pl.Expr.ge,
}
_PATTERNS = {"contains": "{}", "starts_with": "^(?:{})", "ends_with": "(?:{})$"}
POINTS = pl.Int32
_Value: TypeAlias = pl.Expr | int | str | None


class PolarsCard:
    """The four columns of a list, as expressions over the columns that it has. Raises PrinterError for what is lacking.

    Every lead stands at the stage before the predicted one: a list with a column `stage` is refused.
    """

    def __init__(self, card: Scorecard, columns: Collection[str], as_of: date) -> None:
        if "stage" in columns:
            raise PrinterError("leads that stand at different stages have no Polars expressions")
        self._card, self._as_of = card, as_of
        self._read = [field for field in card.card.plain_fields if field.name in columns]
        self._names = {field.name for field in (*self._read, *card.card.derived_fields)}
        self._days = {field.derived: field.name for field in card.card.derived_fields}

    def score(self, path: Path) -> pl.LazyFrame:
        """The scores of a CSV file: lead_id, score, probability, recommendation. Nothing runs yet."""
        types = {field.name: _find_type(field) for field in self._read}
        leads = pl.scan_csv(path, schema_overrides=types, null_values=[*self._card.card.missing])
        lowered = [
            pl.col(field.name).str.to_lowercase() for field in self._read if field.kind == "text" and not field.values
        ]
        derived = {field.name: self._derive(field) for field in self._card.card.derived_fields}
        kept = [pl.col(field.name) for field in self._read if field.kind == "id"]
        leads = leads.with_columns(lowered).with_columns(**derived).select(*kept, **self._tally())
        return leads.select(*kept, **self._describe())

    # -- fields and conditions ----------------------------------------------------------------------------------------

    def _field(self, name: str) -> pl.Expr:
        """A field; null where the list lacks it."""
        if name in self._names:
            return pl.col(name)
        return pl.lit(None, _find_type(self._card.card.fields[name]))

    def _derive(self, field: Field) -> pl.Expr:
        node = field.derived
        assert node is not None
        return self._count_days(node) if isinstance(node, tree.Days) else self._condition(node)

    def _count_days(self, node: tree.Days) -> pl.Expr:
        today, day = pl.lit(self._as_of).to_physical(), self._field(node.of.name).to_physical()
        return today - day if node.way == "since" else day - today

    def _operand(self, node: tree.Operand) -> pl.Expr:
        match node:
            case tree.FieldRef(name=name):
                return self._field(name)
            case tree.Days():
                return pl.col(self._days[node]) if node in self._days else self._count_days(node)

    def _condition(self, node: tree.Node) -> pl.Expr:
        """A condition: true, false, or null where it is unknown."""
        match node:
            case tree.Compare(op=op, left=left, right=right):
                return _COMPARISONS[op](self._operand(left), self._literal(left, right))
            case tree.In(of=of, values=values, or_null=False):
                return self._operand(of).is_in([self._spell(of, value) for value in values])
            case tree.Search():
                return self._search([node])
            case tree.Truth(of=of):
                return self._field(of.name)
            case tree.IsNull(of=of):
                return self._operand(of).is_null()
            case tree.Not(of=of):
                return ~self._condition(of)
            case tree.And(of=parts):
                return reduce(and_, map(self._condition, parts))
            case tree.Or(of=parts):
                # Searches of one text are one regular expression.
                searches = [part for part in parts if isinstance(part, tree.Search) and part.way in _PATTERNS]
                if len(searches) == len(parts) and len({search.of for search in searches}) == 1:
                    return self._search(searches)
                return reduce(or_, map(self._condition, parts))
        raise PrinterError(f"there are no Polars expressions for {type(node).__name__}")

    def _search(self, searches: Sequence[tree.Search]) -> pl.Expr:
        """Whether a text holds one of some others."""
        texts: dict[str, list[str]] = {}
        for search in searches:
            texts.setdefault(search.way, []).append(pl.escape_regex(search.text.lower()))
        patterns = (_PATTERNS[way].format("|".join(own)) for way, own in texts.items())
        return self._field(searches[0].of.name).str.contains("|".join(patterns))

    def _literal(self, of: tree.Operand, part: tree.Operand | tree.Constant) -> pl.Expr:
        """What an operand is compared with."""
        return pl.lit(self._spell(of, part)) if isinstance(part, tree.Constant) else self._operand(part)

    def _spell(self, of: tree.Operand, literal: tree.Constant) -> float | str | bool | date:
        """The value of a literal; a text as those of the field are spelt: as the card lists it, else in lower case."""
        value = literal.value
        return value.lower() if isinstance(value, str) and not self._find_listed(of) else value

    def _find_listed(self, of: tree.Operand) -> Sequence[str]:
        """The texts that the card lists for a field."""
        return self._card.card.fields[of.name].values if isinstance(of, tree.FieldRef) else ()

    # -- points -------------------------------------------------------------------------------------------------------

    def _tally(self) -> dict[str, pl.Expr]:
        """The total and its high end, in tenths; whether a lead meets what the gate requires, and is excluded."""
        card = self._card
        total = pl.sum_horizontal(
            pl.lit(card.learned.start, POINTS),
            *(self._earn(priced) for priced in card.rules if not priced.rule.group),
            *(self._cap(group, self._add_up(group)) for group in card.groups),
            *map(self._look_up_term, card.learned.terms),
        )
        gate = self._find_gate()
        required = [self._condition(card.card.criteria[i].met.tree) for i in gate.requires] if gate else []
        excluded = [self._condition(exclusion.when.tree) for exclusion in card.card.exclude]
        return {
            "total": total,
            "high": pl.sum_horizontal(total, *self._list_moves()),
            "required": reduce(and_, required, pl.lit(True)),
            "excluded": reduce(or_, excluded, pl.lit(False)),
        }

    def _earn(self, priced: PricedRule, otherwise: int | None = 0) -> pl.Expr:
        """What a rule earns; `otherwise` where it isn't true."""
        fires = self._condition(priced.rule.when.tree)
        worth: _Value = priced.points
        if priced.steps is not None and priced.rule.half_life is not None:
            days = self._operand(tree.Days("since", tree.FieldRef(priced.rule.half_life.of, "date")))
            worth, fires = _climb(days, priced.steps.edges, priced.steps.points), fires & days.is_not_null()
        return _choose([(fires, worth)], otherwise)

    def _members(self, group: Group) -> list[PricedRule]:
        return [priced for priced in self._card.rules if priced.rule.group == group.name]

    def _add_up(self, group: Group) -> pl.Expr:
        """What the rules of a group earn together, before its limits."""
        if not group.best_of:
            return pl.sum_horizontal(map(self._earn, self._members(group)))
        fired = [self._earn(priced, None) for priced in self._members(group) if priced.points]
        return pl.max_horizontal(_points(None), *fired).fill_null(0)

    def _cap(self, group: Group, points: pl.Expr) -> pl.Expr:
        return points if group.maximum is group.minimum is None else points.clip(group.minimum, group.maximum)

    def _look_up_term(self, term: Term) -> pl.Expr:
        match term:
            case Table(field=name, bins=bins, points=points):
                return self._look_up(name, bins, points)
            case Pair(points=points):
                cells = pl.Series([cell for row in points for cell in row], dtype=POINTS)
                row, column = map(self._place, term.fields, term.bins)
                return pl.lit(cells).gather(row * len(term.bins[1]) + column)
            case Combination(trees=trees):
                return pl.sum_horizontal(self._walk(node, self._places(term)) for node in trees)

    def _place(self, name: str, bins: Bins) -> pl.Expr:
        """The bin of a field."""
        return self._look_up(name, bins, range(len(bins)))

    def _places(self, term: Combination) -> dict[str, pl.Expr]:
        return dict(zip(term.fields, map(self._place, term.fields, term.bins), strict=True))

    def _look_up(self, name: str, bins: Bins, points: Sequence[int]) -> pl.Expr:
        """The item of `points` for the bin of a field."""
        value = self._field(name)
        if isinstance(bins, NumberBins):
            known = _climb(value, bins.edges, points[1:])
        elif isinstance(bins, TextBins):
            listed = self._card.card.fields[name].values
            if listed:
                by_code = pl.Series([*(points[bins.find(text)] for text in listed), points[0]], dtype=POINTS)
                return pl.lit(by_code).gather(value.to_physical().fill_null(len(listed)))
            # A cast to an Enum takes less time than `replace_strict`; it leaves null of any other text.
            level = value.cast(pl.Enum([level.lower() for level in bins.levels]), strict=False)
            known = pl.lit(pl.Series(points[1:], dtype=POINTS)).gather(level.to_physical().fill_null(len(bins.levels)))
        else:
            known = _choose([(value, points[2])], points[1])
        return _choose([(value.is_null(), points[0])], known)

    def _walk(self, node: Branch | Leaf, places: Mapping[str, pl.Expr]) -> pl.Expr:
        """The points of a small tree."""
        if isinstance(node, Leaf):
            return _points(node.points)
        chosen = places[node.field].is_in(node.bins)
        return _choose([(chosen, self._walk(node.then, places))], self._walk(node.otherwise, places))

    # -- what answers could bring -------------------------------------------------------------------------------------

    def _list_moves(self) -> Iterator[pl.Expr]:
        """What each answer that is missing could add at most, as printers/python/ranges.py has it."""
        card = self._card
        effects = find_lone_effects(card)
        for effect in effects:
            yield _if_so(self._field(effect.field).is_null(), effect.high)
        alone = {name for effect in effects for name in effect.rules}
        for priced in card.rules:
            if priced.askable and not priced.rule.group and priced.rule.name not in alone and priced.points > 0:
                yield self._open_points(priced)
        for group in card.groups:
            otherwise = None if group.best_of else 0
            moves = [self._open_points(priced, otherwise) for priced in self._members(group) if priced.askable]
            if moves:
                join = pl.max_horizontal if group.best_of else pl.sum_horizontal
                now = self._add_up(group)
                yield self._cap(group, join(now, *moves)) - self._cap(group, now)
        settled = {name for effect in effects for name in effect.terms}
        for term in card.learned.terms:
            if term.name not in settled:
                yield from self._list_term_moves(term)

    def _open_points(self, priced: PricedRule, otherwise: int | None = 0) -> pl.Expr:
        """The most that a rule could bring where it is unknown and answers could settle it; else `otherwise`."""
        if priced.steps is not None:
            raise PrinterError("there are no Polars expressions for an open rule that decays")
        missing = [self._field(name).is_null() for name in priced.askable]
        is_open = self._condition(priced.rule.when.tree).is_null() & reduce(or_, missing)
        return _choose([(is_open, max(0, priced.points))], otherwise)

    def _is_open(self, name: str) -> pl.Expr:
        """Whether a learned field is missing, and answers could bring it."""
        roots = self._card.find_askable((name,))
        missing = [self._field(root).is_null() for root in roots]
        return self._field(name).is_null() & reduce(or_, missing, pl.lit(False))

    def _list_term_moves(self, term: Term) -> Iterator[pl.Expr]:
        if not self._card.find_askable(term.fields):
            return
        now = self._look_up_term(term)
        match term:
            case Table(field=name, points=points):
                yield _if_so(self._is_open(name), _points(max(points)) - now)
            case Pair(fields=(first, second), bins=(rows, columns), points=points):
                by_column = self._look_up(second, columns, [*map(max, zip(*points, strict=True))])
                by_row = self._look_up(first, rows, [*map(max, points)])
                free, other = self._is_open(first), self._is_open(second)
                yield _choose([(free & other, max(map(max, points))), (free, by_column), (other, by_row)], now) - now
            case Combination(trees=trees):
                places = self._places(term)
                for node in trees:
                    is_open = reduce(or_, map(self._is_open, sorted(find_branch_fields(node))))
                    most_points = max(leaf.points for leaf in list_leaves(node))
                    yield _if_so(is_open, _points(most_points) - self._walk(node, places))

    # -- outputs ------------------------------------------------------------------------------------------------------

    def _find_gate(self) -> Gate | None:
        return self._card.find_gate(None)[1]

    def _describe(self) -> dict[str, pl.Expr]:
        """The score, the probability and the recommendation, of the total and what else `_tally` gives."""
        total, rate = pl.col("total"), self._card.learned.base_rate
        assert rate is not None
        log_odds = math.log(rate / (1 - rate)) + (total - START_TENTHS) * (math.log(2) / TENTHS_PER_DOUBLING)
        return {
            "score": (total.clip(0, 1000) + 5) // 10,
            "probability": 1 / (1 + (-log_odds).exp()),
            "recommendation": self._recommend(self._find_gate()),
        }

    def _recommend(self, gate: Gate | None) -> pl.Expr:
        """As scoring/gate.py decides."""
        total, high, required = pl.col("total"), pl.col("high"), pl.col("required")
        choices = [(pl.col("excluded"), "disqualify")]
        if gate is None or gate.threshold.closed:
            unmet = [] if gate is None else [(~required, "nurture")]
            return _choose([*choices, *unmet], "keep")
        choices.append((~required, "nurture"))
        if (points := gate.threshold.points) is not None:
            choices += [(high < points, "nurture"), (total < points, "ask")]
        return _choose([*choices, (required.is_null(), "ask")], "promote")


def _find_type(field: Field) -> pl.DataType:
    """The type of a field's column; a text that the card lists is an Enum."""
    if field.kind == "text" and field.values:
        return pl.Enum(field.values)
    if field.kind not in _TYPES:
        raise PrinterError(f"there are no Polars expressions for {field.kind}")
    return _TYPES[field.kind]()


def _points(points: int | None) -> pl.Expr:
    return pl.lit(points, POINTS)


def _choose(choices: Sequence[tuple[pl.Expr, _Value]], otherwise: _Value) -> pl.Expr:
    """The value of the first condition that is true."""
    chosen = _value(otherwise)
    for condition, value in reversed(choices):
        chosen = pl.when(condition).then(_value(value)).otherwise(chosen)
    return chosen


def _value(value: _Value) -> pl.Expr:
    """Points as whole tenths, and texts."""
    if isinstance(value, pl.Expr):
        return value
    return pl.lit(value) if isinstance(value, str) else _points(value)


def _if_so(condition: pl.Expr, points: _Value) -> pl.Expr:
    return _choose([(condition, points)], 0)


def _climb(value: pl.Expr, edges: Sequence[float], points: Sequence[int]) -> pl.Expr:
    """`points[i]` below `edges[i]`, the last from the last edge on."""
    return _choose([(value < edge, item) for edge, item in zip(edges, points, strict=False)], points[-1])
