"""Conditions, fields and numbers of the language as SQL. Its three-valued logic is SQL's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from leadledger.scoring import tree
from leadledger.scoring.field import Field
from leadledger.scoring.printers.choices import LONGEST_CASE
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, column_reader, join, spell, write
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import Letters, all_letters, fold, letters_of, list_separators


class ConditionPrinter:
    """Conditions over the typed fields of a card, in a dialect, as of a day or the day in a date field."""

    def __init__(self, card: Card, as_of: date | str, dialect: Dialect) -> None:
        self.card = card
        self.dialect = dialect
        self.column = column_reader(dialect.name)
        self.as_of = Expression(dialect.date(as_of.isoformat())) if isinstance(as_of, date) else self.field(as_of)

    def field(self, name: str) -> Expression:
        """The typed value of a field."""
        return self.column(f"f:{name}")

    def derived_steps(self) -> Iterator[Step]:
        """A step for each level of derived fields, since a step sees only the columns of the steps before it."""
        known = {field.name for field in (*self.card.plain_fields, *self.card.event_fields)}
        left = list(self.card.derived_fields)
        level = 1
        while left:
            ready = [field for field in left if set(field.computed_from) <= known]
            columns = [StepColumn(f"f:{field.name}", self.derived(field)) for field in ready]
            yield Step(f"derived_{level}", "fields that are computed from others", columns)
            known |= {field.name for field in ready}
            left = [field for field in left if field.name not in known]
            level += 1

    def folded_step(self, where: tree.Node | None) -> Step:
        """The texts that a condition of the card, or `where`, searches for a part or compares with each other."""
        columns = [
            StepColumn(f"a:{name}", spell(self.dialect.fold, self.field(name), letters))
            for name, letters in find_folded(self.card, where).items()
        ]
        return Step("folded", "texts that are searched or compared, folded", columns)

    def derived(self, field: Field) -> Expression:
        """The value of a derived field."""
        node = field.derived
        assert node is not None
        return self.operand(node) if isinstance(node, tree.Days) else self.condition(node)

    def condition(self, node: tree.Node) -> Expression:
        """A condition: TRUE, FALSE, or NULL where it is unknown."""
        match node:
            case tree.Compare(op=op) if tree.compares_keys(node):
                left_key, right_key = (self.column(f"a:{name}") for name in tree.list_folded(node))
                return write("{} {} {}", left_key, op, right_key)
            case tree.Compare(op=op, left=left, right=right):
                return write("{} {} {}", self.operand(left), op, self.operand(right))
            case tree.In(of=of, values=values, or_null=or_null):
                items = [*map(self.operand, values), *([Expression("NULL")] if or_null else [])]
                return write("{} IN ({})", self.operand(of), join(", ", items))
            case tree.Search(way=way, of=of, text=part):
                whole, part = (self.field(of.name), part) if of.exact else (self.column(f"a:{of.name}"), fold(part))
                if way == "contains_word":
                    way, whole, part = "contains", self.words(whole, part), f" {part} "
                return spell(self.dialect.search, way, whole, self.dialect.text(part))
            case tree.Has(of=of, mark=mark):
                return spell(self.dialect.search, "contains", self.field(of.name), self.dialect.text(mark))
            case tree.Truth(of=of):
                return self.field(of.name)
            case tree.IsNull(of=of):
                return write("{} IS NULL", self.operand(of))
            case tree.Not(of=of):
                return write("NOT ({})", self.condition(of))
            case tree.And(of=parts):
                return join(" AND ", [bracketed(self.condition(part)) for part in parts])
            case tree.Or(of=parts):
                return join(" OR ", [bracketed(self.condition(part)) for part in parts])

    def words(self, folded: Expression, part: str) -> Expression:
        """A text with spaces between its words, and one at each end."""
        separators = list_separators(part)
        signs, spaces = self.dialect.text(separators), self.dialect.text(" " * len(separators))
        return write("' ' || translate({}, {}, {}) || ' '", folded, Expression(signs), Expression(spaces))

    def operand(self, node: tree.Operand | tree.Constant) -> Expression:
        """A field, the days to or from a date field, or a literal."""
        match node:
            case tree.FieldRef(name=name):
                return self.field(name)
            case tree.Days(way=way, of=of):
                day = self.field(of.name)
                span = (self.as_of, day) if way == "since" else (day, self.as_of)
                return spell(self.dialect.days_between, *span)
            case tree.Constant(value=value):
                return Expression(self.literal(value))

    def literal(self, value: float | str | bool | date) -> str:
        """A literal of the language as SQL."""
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float):
            return self.dialect.number(value)
        return self.dialect.text(value) if isinstance(value, str) else self.dialect.date(value.isoformat())

    def staircase(self, value: str, edges: Sequence[float], stretches: Sequence[object]) -> str:
        """Which stretch a number (SQL, not NULL) is in: stretches[i] from edges[i - 1] to before edges[i]."""
        return print_staircase(value, [self.dialect.number(edge) for edge in edges], stretches)


def print_staircase(value: str, edges: Sequence[object], stretches: Sequence[object]) -> str:
    """As `ConditionPrinter.staircase`, of edges that are printed as they are."""
    if not edges:
        return str(stretches[0])
    if len(edges) <= LONGEST_CASE:
        cases = "".join(
            f" WHEN {value} < {edge} THEN {stretch}" for edge, stretch in zip(edges, stretches, strict=False)
        )
        return f"CASE{cases} ELSE {stretches[-1]} END"
    half = len(edges) // 2
    lower = print_staircase(value, edges[:half], stretches[: half + 1])
    upper = print_staircase(value, edges[half + 1 :], stretches[half + 1 :])
    return f"CASE WHEN {value} < {edges[half]} THEN {lower} ELSE {upper} END"


def find_folded(card: Card, where: tree.Node | None) -> dict[str, Letters]:
    """The fields whose texts are folded for a condition of a card or for `where`, and the letters that matter there."""
    conditions: list[tree.Part] = [*card.conditions, *([] if where is None else [where])]
    nodes = [node for condition in conditions for node in tree.walk_tree(condition)]
    parts: dict[str, set[str]] = {name: set() for condition in conditions for name in tree.list_folded(condition)}
    for node in nodes:
        if isinstance(node, tree.Search) and node.of.name in parts:
            parts[node.of.name].add(fold(node.text))
    compared = {
        name
        for node in nodes
        if isinstance(node, tree.Compare) and tree.compares_keys(node)
        for name in tree.list_folded(node)
    }
    return {
        name: all_letters() if name in compared else letters_of(frozenset(texts), parts=True)
        for name, texts in parts.items()
    }


def bracketed(condition: Expression) -> Expression:
    """A condition that can stand as an operand."""
    return write("({})", condition)
