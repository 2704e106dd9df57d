"""From the text of a condition to its tree.

sqlglot parses, between two allow-lists of ours. The first is of words and signs (`condition_tokens`). The second is of
nodes: what the parser returns is walked into our own tree, every operand typed by its field. What engines disagree on
(arithmetic, LIKE, casts, case folding beyond ASCII) is not in the language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlglot
from sqlglot import exp

from leadledger.scoring import tree
from leadledger.scoring.card.condition_tokens import COUNTS, NESTED_TOO_DEEPLY, SEARCHES, read_tokens
from leadledger.scoring.errors import ConditionError, UnknownField, did_you_mean, quote
from leadledger.scoring.field import Field
from leadledger.scoring.text_forms import WHITE_SPACE
from leadledger.scoring.tree import Condition

_COMPARISONS: dict[type[exp.Expr], tree.Comparison] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED: dict[tree.Comparison, tree.Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}

_GAP = re.compile(r"('(?:[^']|'')*')|\s+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class KnownField:
    """What a condition may ask of a field: its kind, and its values if the card lists them.

    kind None: the field can't be asked, `because` of this; without a reason, because itself it can't be read.
    """

    kind: tree.Kind | None
    values: tuple[str, ...] = ()
    because: str = ""


def parse_condition(text: str, fields: Mapping[str, KnownField]) -> Condition:
    """Read a condition over `fields`. Raises ConditionError with the offset of the mistake."""
    return Condition(join_lines(text), _TreeReader(fields).read_condition(_parse_sql(text, fields)))


def parse_tree(text: str, fields: Mapping[str, Field]) -> tree.Node:
    """The tree of a condition over the fields of a card. Raises ConditionError with the offset of the mistake."""
    return parse_condition(text, {field.name: KnownField(field.kind, field.values) for field in fields.values()}).tree


def parse_days(text: str, fields: Mapping[str, KnownField]) -> tree.Days | None:
    """Read `days_since(field)` or `days_until(field)`; None if the text is something else."""
    node = _parse_sql(text, fields)
    if not isinstance(node, exp.Anonymous) or _function_name(node) not in COUNTS:
        return None
    return _TreeReader(fields).read_days(node)


def join_lines(text: str) -> str:
    """A condition on one line: white space outside of quotes becomes single spaces."""
    return _GAP.sub(lambda match: match[1] or " ", text).strip()


def _parse_sql(text: str, fields: Mapping[str, KnownField]) -> exp.Expr:
    tokens = read_tokens(text, fields)
    parser = sqlglot.Dialect.get_or_raise("duckdb").parser(error_level=sqlglot.ErrorLevel.RAISE)
    try:
        (root,) = parser.parse_into(exp.Condition, tokens, text)
    except sqlglot.errors.ParseError as error:
        last = tokens[min(int(error.errors[0]["col"] or 0), len(tokens) - 1)]
        raise ConditionError(
            f"this can't be read from {quote(text[last.start : last.end + 1])} on", last.start
        ) from None
    except RecursionError:  # the caller has used up most of the stack
        raise ConditionError(NESTED_TOO_DEEPLY) from None
    assert root is not None  # there is a token at least
    return root


class _TreeReader:
    """One walk over a parsed condition; holds the fields, so that its steps need not pass them on."""

    def __init__(self, fields: Mapping[str, KnownField]) -> None:
        self.fields = fields

    def read_condition(self, node: exp.Expr) -> tree.Node:
        match node:
            case exp.Paren():
                return self.read_condition(node.this)
            case exp.Not():
                return tree.Not(self.read_condition(node.this))
            case exp.And() | exp.Or():
                join = tree.And if isinstance(node, exp.And) else tree.Or
                return join(tuple(self.read_condition(part) for part in node.flatten()))
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return self.read_comparison(node, _COMPARISONS[type(node)])
            case exp.Between():
                return self.read_between(node)
            case exp.In():
                return self.read_list(node)
            case exp.Is():
                return tree.IsNull(self.read_operand(node.this))
            case exp.Anonymous() if _function_name(node) in SEARCHES:
                return self.read_search(node)
            case exp.Anonymous() if _function_name(node) in COUNTS:
                raise _refuse(node, f"{_function_name(node)}(…) is a number; compare it with something")
            case exp.Column():
                field = self.read_field(node)
                if field.kind != "flag":
                    raise _refuse(
                        node, f"'{field.name}' is {_with_article(field.kind)}, not a flag; compare it with something"
                    )
                return tree.Truth(field)
        raise _refuse(node, f"{_describe_node(node)} can't stand here; a condition is expected")

    def read_comparison(self, node: exp.Expr, op: tree.Comparison) -> tree.Node:
        left, right = _strip_brackets(node.this), _strip_brackets(node.expression)
        if _is_literal(left):
            left, right, op = right, left, _MIRRORED[op]
        if _is_literal(left):
            raise _refuse(node, "two fixed values are compared; a condition asks at least one field")
        of = self.read_operand(left)
        if _is_literal(right):
            return self.check_order(node, op, of, self.read_constant(right, of))
        second = self.read_operand(right, beside=of)
        if _kind_of(of) != _kind_of(second):
            raise _refuse(
                node, f"{_with_article(_kind_of(of))} can't be compared with {_with_article(_kind_of(second))}"
            )
        return self.check_order(node, op, of, second)

    def check_order(
        self, node: exp.Expr, op: tree.Comparison, of: tree.Operand, right: tree.Operand | tree.Constant
    ) -> tree.Compare:
        if op not in ("=", "<>") and _kind_of(of) not in ("number", "date"):
            raise _refuse(node, f"{_with_article(_kind_of(of))} has no order; '{op}' needs a number or a date")
        return tree.Compare(op, of, right)

    def read_between(self, node: exp.Between) -> tree.Node:
        of = self.read_operand(node.this)
        low, high = (self.read_constant(_strip_brackets(node.args[end]), of) for end in ("low", "high"))
        both = tree.And((self.check_order(node, ">=", of, low), self.check_order(node, "<=", of, high)))
        if low.value > high.value:  # type: ignore[operator]  # both have the operand's kind, and it has an order
            raise _refuse(node.args["low"], "nothing is between these two: the first is the greater one")
        return both

    def read_list(self, node: exp.In) -> tree.Node:
        of = self.read_operand(node.this)
        if not node.expressions:
            raise _refuse(node, "'in' needs a list of values in brackets: in ('a', 'b')")
        return tree.In(
            of, tuple(dict.fromkeys(self.read_constant(_strip_brackets(item), of) for item in node.expressions))
        )

    def read_search(self, node: exp.Anonymous) -> tree.Node:
        way = _function_name(node)
        if len(node.expressions) != 2:
            raise _refuse(node, f"write {way}(field, 'text')")
        of, text = node.expressions
        if not isinstance(of, exp.Column) or not isinstance(text, exp.Literal) or not text.is_string:
            raise _refuse(node, f"write {way}(field, 'text')")
        field = self.read_field(of)
        if field.kind not in ("text", "id"):
            raise _refuse(of, f"'{field.name}' is {_with_article(field.kind)}; {way} searches a text")
        if not text.this:
            raise _refuse(text, f"{way} needs a text to search for; every text holds the empty one")
        return tree.Search(way, field, text.this)  # type: ignore[arg-type]  # one of SEARCHES

    def read_days(self, node: exp.Anonymous) -> tree.Days:
        name = _function_name(node)
        if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Column):
            raise _refuse(node, f"write {name}(field) with one date field")
        field = self.read_field(node.expressions[0])
        if field.kind != "date":
            raise _refuse(node.expressions[0], f"'{field.name}' is {_with_article(field.kind)}; {name} asks a date")
        return tree.Days("since" if name == "days_since" else "until", field)

    def read_operand(self, node: exp.Expr, beside: tree.Operand | None = None) -> tree.Operand:
        """A field, or days counted from one. `beside` is what it is compared with, for a better hint."""
        match node:
            case exp.Paren():
                return self.read_operand(node.this, beside)
            case exp.Column():
                return self.read_field(node, beside)
            case exp.Anonymous() if _function_name(node) in COUNTS:
                return self.read_days(node)
        raise _refuse(node, f"{_describe_node(node)} can't stand here; a field is expected")

    def read_field(self, node: exp.Column, beside: tree.Operand | None = None) -> tree.FieldRef:
        if node.table:
            raise _refuse(node, "a field has no dot in its name; CRM names belong under `from:`")
        if node.name not in self.fields:
            hint = did_you_mean(node.name, self.fields)
            if node.this.args.get("quoted") == '"' or (beside is not None and _kind_of(beside) in ("text", "id")):
                hint = f" If it is a text, put it in single quotes: {_quote_text(node.name)}."
            raise UnknownField(f"unknown field {quote(node.name)}.{hint}", _find_start(node))
        known = self.fields[node.name]
        if known.kind is None and known.because:
            raise _refuse(node, f"'{node.name}' {known.because}")
        if known.kind is None:
            raise UnknownField(f"'{node.name}' can't be read", _find_start(node), declared=True)
        return tree.FieldRef(node.name, known.kind)

    def read_constant(self, node: exp.Expr, of: tree.Operand) -> tree.Constant:
        """A fixed value of the operand's kind."""
        if isinstance(node, exp.Column) and _kind_of(of) in ("text", "id") and node.name not in self.fields:
            raise _refuse(node, f"a text stands in single quotes: {_quote_text(node.name)}")
        value = _read_value(node)
        kind = _kind_of(of)
        given = {float: "number", str: "text", bool: "flag", date: "date"}[type(value)]
        if given != kind and not (kind == "id" and given == "text"):
            name = of.name if isinstance(of, tree.FieldRef) else f"days_{of.way}(…)"
            hint = {
                "number": "write a number without quotes",
                "text": "write a text in single quotes",
                "id": "write a text in single quotes",
                "flag": "write true or false",
                "date": "write date '2026-01-31'",
            }[kind]
            raise _refuse(node, f"'{name}' is {_with_article(kind)}, and this is {_with_article(given)}; {hint}")
        if isinstance(of, tree.FieldRef) and isinstance(value, str):
            if not value.strip(WHITE_SPACE):
                raise _refuse(
                    node, f"'{of.name}' is never an empty text: that means not known; write {of.name} is null"
                )
            if value != value.strip(WHITE_SPACE):
                raise _refuse(node, f"'{of.name}' never has white space at its ends; remove it from {quote(value)}")
            values = self.fields[of.name].values
            if values and value not in values:
                raise _refuse(node, f"'{of.name}' never has the value {quote(value)}.{did_you_mean(value, values)}")
        return tree.Constant(value)


def _read_value(node: exp.Expr) -> float | str | bool | date:
    match node:
        case exp.Literal() if node.is_string:
            return str(node.this)
        case exp.Literal():
            number = float(node.this)
            if not math.isfinite(number):
                raise _refuse(node, "the number is too large")
            return number
        case exp.Neg(this=exp.Literal(is_string=False) as literal):
            return -float(_read_value(literal))  # type: ignore[arg-type]  # a number, as just matched
        case exp.Boolean():
            return bool(node.this)
        case exp.Cast(this=exp.Literal(is_string=True) as literal):
            text = str(literal.this)
            try:
                if not _DAY.fullmatch(text):
                    raise ValueError
                return date.fromisoformat(text)
            except ValueError:
                raise _refuse(node, f"{quote(text)} is not a date; write date '2026-01-31'") from None
    raise _refuse(node, f"{_describe_node(node)} can't stand here; a fixed value is expected")


def _refuse(node: exp.Expr, reason: str) -> ConditionError:
    return ConditionError(reason, _find_start(node))


def _find_start(node: exp.Expr) -> int:
    """The offset of the first place that a node, or the nearest one above it, stands at."""
    above: exp.Expr | None = node
    while above is not None:
        starts = [part.meta["start"] for part in above.walk() if "start" in part.meta]
        if starts:
            return int(min(starts))
        above = above.parent
    return 0


def _strip_brackets(node: exp.Expr) -> exp.Expr:
    """A node without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _function_name(node: exp.Anonymous) -> str:
    return str(node.this).removeprefix("card_")


def _is_literal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal | exp.Boolean | exp.Neg | exp.Cast)


def _kind_of(operand: tree.Operand) -> tree.Kind:
    return "number" if isinstance(operand, tree.Days) else operand.kind


def _describe_node(node: exp.Expr) -> str:
    """What a node is, in a few words."""
    if _is_literal(node):
        return "a fixed value"
    if isinstance(node, exp.Column):
        return "a field"
    if isinstance(node, exp.Predicate | exp.Connector | exp.Not | exp.Anonymous):
        return "a condition"
    return "a list" if isinstance(node, exp.Tuple) else "this"


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind == "id" else f"a {kind}"


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
