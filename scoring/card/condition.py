"""From the text of a condition to its tree.

sqlglot parses, between two allow-lists of ours. The first is of words and signs (`condition_tokens`). The second is of
nodes: what the parser returns is walked into our own tree, every operand typed by its field. What engines disagree on
(arithmetic, casts, `<` on texts) is not in the language. What query builders write is read where it can mean one thing
only: `like '%x%'`, a number or a date in quotes, `= true`, `is true`.
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
from leadledger.scoring.card.card_numbers import correct_number
from leadledger.scoring.card.card_scalars import write_literal
from leadledger.scoring.card.condition_tokens import COUNTS, HAS, NESTED_TOO_DEEPLY, SEARCHES, read_tokens
from leadledger.scoring.choice_forms import mark_choice
from leadledger.scoring.errors import ConditionError, UnknownField, UnreadableValue, did_you_mean, quote
from leadledger.scoring.field import Field
from leadledger.scoring.flag_forms import read_flag
from leadledger.scoring.number_forms import read_number
from leadledger.scoring.text_forms import key_of, strip
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
    """What a condition may ask of a field: its kind, its values if the card lists them, and what separates choices.

    kind None: the field can't be asked, `because` of this; without a reason, because itself it can't be read.
    """

    kind: tree.Kind | None
    values: tuple[str, ...] = ()
    because: str = ""
    separator: str = ";"
    exact: bool = False

    @classmethod
    def of(cls, field: Field) -> KnownField:
        """What a condition may ask of a field that has been read."""
        return cls(field.kind, field.values, separator=field.separator, exact=field.exact)


def parse_condition(text: str, fields: Mapping[str, KnownField]) -> Condition:
    """Read a condition over `fields`. Raises ConditionError with the offset of the mistake."""
    return Condition(join_lines(text), _TreeReader(fields).read_condition(_parse_sql(text, fields)))


def parse_tree(text: str, fields: Mapping[str, Field]) -> tree.Node:
    """The tree of a condition over the fields of a card. Raises ConditionError with the offset of the mistake."""
    return parse_condition(text, {field.name: KnownField.of(field) for field in fields.values()}).tree


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
    parser = sqlglot.Dialect.get_or_raise("").parser(error_level=sqlglot.ErrorLevel.RAISE)
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
            case exp.Like() | exp.ILike():
                return tree.Not(self.read_like(node)) if node.args.get("negate") else self.read_like(node)
            case exp.Is(expression=exp.Boolean() as wanted):
                return self.read_truth(node, bool(wanted.this))
            case exp.Is():
                return tree.IsNull(self.read_operand(node.this))
            case exp.Anonymous() if _function_name(node) in SEARCHES:
                return self.read_search(node)
            case exp.Anonymous() if _function_name(node) == HAS:
                return self.read_has(node)
            case exp.Anonymous() if _function_name(node) in COUNTS:
                raise _refuse(node, f"{_function_name(node)}(…) is a number; compare it with something")
            case exp.Column():
                field = self.read_field(node)
                _refuse_choices(node, field)
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
        _refuse_choices(left, of)
        return self.check_order(node, op, of, self.read_side(node, right, of))

    def read_side(self, node: exp.Expr, side: exp.Expr, of: tree.Operand) -> tree.Operand | tree.Constant:
        """What an operand is compared with in `node`: a fixed value of its kind, or another operand of its kind."""
        if _is_literal(side) or self.is_flag_word(side, of):
            return self.read_constant(side, of)
        second = self.read_operand(side, beside=of)
        _refuse_choices(side, second)
        if _kind_of(of) != _kind_of(second):
            raise _refuse(
                node, f"{_with_article(_kind_of(of))} can't be compared with {_with_article(_kind_of(second))}"
            )
        return second

    def is_flag_word(self, node: exp.Expr, of: tree.Operand) -> bool:
        """Whether a node is `yes` or `no` beside a flag, and no field has that name."""
        is_word = isinstance(node, exp.Column) and not node.table and node.name.lower() in ("yes", "no")
        return is_word and _kind_of(of) == "flag" and node.name not in self.fields

    def check_order(
        self, node: exp.Expr, op: tree.Comparison, of: tree.Operand, right: tree.Operand | tree.Constant
    ) -> tree.Compare:
        if op not in ("=", "<>") and _kind_of(of) not in ("number", "date"):
            raise _refuse(node, f"{_with_article(_kind_of(of))} has no order; '{op}' needs a number or a date")
        return tree.Compare(op, of, right)

    def read_between(self, node: exp.Between) -> tree.Node:
        of = self.read_operand(node.this)
        _refuse_choices(node.this, of)
        low, high = (self.read_side(node, _strip_brackets(node.args[end]), of) for end in ("low", "high"))
        return tree.And((self.check_order(node, ">=", of, low), self.check_order(node, "<=", of, high)))

    def read_list(self, node: exp.In) -> tree.Node:
        of = self.read_operand(node.this)
        if not node.expressions:
            raise _refuse(node, "'in' needs a list of values in brackets: in ('a', 'b')")
        _refuse_choices(node.this, of)
        items = [_strip_brackets(item) for item in node.expressions]
        values = [self.read_constant(item, of) for item in items if not isinstance(item, exp.Null)]
        if not values:
            raise _refuse(node, "write 'is null' to ask whether a value is missing; a list needs a value besides NULL")
        return tree.In(of, tuple(dict.fromkeys(values)), or_null=len(values) < len(items))

    def read_truth(self, node: exp.Is, wanted: bool) -> tree.Node:
        """`flag is true`, `flag is false`: never unknown, as in SQL."""
        of = self.read_operand(_strip_brackets(node.this))
        if not isinstance(of, tree.FieldRef) or of.kind != "flag":
            raise _refuse(node, f"{_describe_node(node.this)} is not a flag; 'is true' and 'is false' ask a flag")
        truth = tree.Truth(of)
        return tree.And((tree.Not(tree.IsNull(of)), truth if wanted else tree.Not(truth)))

    def read_like(self, node: exp.Like | exp.ILike) -> tree.Node:
        """`like '%x%'`, `'x%'`, `'%x'` or `'x'`. One `%` at each end stands for any text, everything else for itself.

        So query builders write it, which escape nothing: https://react-querybuilder.js.org/docs/utils/export
        """
        of = self.read_operand(node.this)
        _refuse_choices(node.this, of)
        if not isinstance(of, tree.FieldRef) or of.kind not in ("text", "id"):
            raise _refuse(node, f"LIKE searches a text, and this is {_with_article(_kind_of(of))}")
        pattern = str(node.expression.this)
        text = pattern.removeprefix("%").removesuffix("%") if pattern != "%" else ""
        if not text.strip("%"):
            raise _refuse(node.expression, f"every text matches {quote(pattern)}; write {of.name} is not null")
        if "%" in text.strip("%"):
            mend = f"write contains({of.name}, …) for each part, joined by and"
            raise _refuse(node.expression, f"a '%' stands only at the ends of a text after LIKE; {mend}")
        starts, ends = pattern.endswith("%"), pattern.startswith("%")
        if not starts and not ends:
            return tree.Compare("=", of, self.read_constant(node.expression, of))
        return tree.Search("contains" if starts and ends else "starts_with" if starts else "ends_with", of, text)

    def read_search(self, node: exp.Anonymous) -> tree.Node:
        way = _function_name(node)
        if len(node.expressions) != 2:
            raise _refuse(node, f"write {way}(field, 'text')")
        of, text = node.expressions
        if not isinstance(of, exp.Column) or not isinstance(text, exp.Literal) or not text.is_string:
            raise _refuse(node, f"write {way}(field, 'text')")
        field = self.read_field(of)
        _refuse_choices(of, field)
        if field.kind not in ("text", "id"):
            raise _refuse(of, f"'{field.name}' is {_with_article(field.kind)}; {way} searches a text")
        if not text.this:
            raise _refuse(text, f"{way} needs a text to search for; every text holds the empty one")
        return tree.Search(way, field, text.this)  # type: ignore[arg-type]  # one of SEARCHES

    def read_has(self, node: exp.Anonymous) -> tree.Node:
        how = "write has(field, 'choice')"
        of, text = node.expressions if len(node.expressions) == 2 else (None, None)
        if not isinstance(of, exp.Column) or not isinstance(text, exp.Literal) or not text.is_string:
            raise _refuse(node, how)
        field = self.read_field(of)
        if field.kind != "choices":
            mend = f"; write {field.name} = {write_literal(text.this)}" if field.kind in ("text", "id") else ""
            raise _refuse(of, f"'{field.name}' is {_with_article(field.kind)}; has asks a field of choices{mend}")
        known = self.fields[field.name]
        key = key_of(text.this)
        if not key:
            raise _refuse(text, f"has needs a choice; write {field.name} is null where none is known")
        if known.separator in key:
            raise _refuse(text, f"{quote(text.this)} holds '{known.separator}', which separates choices; ask for each")
        choice = next((value for value in known.values if key_of(value) == key), key)
        if known.values and choice not in known.values:
            hint = did_you_mean(text.this, known.values)
            raise _refuse(text, f"'{field.name}' never has the choice {quote(text.this)}.{hint}")
        return tree.Has(field, choice, mark_choice(choice, known.separator))

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
                hint = f" If it is a text, put it in single quotes: {write_literal(node.name)}."
            raise UnknownField(f"unknown field {quote(node.name)}.{hint}", _find_start(node))
        known = self.fields[node.name]
        if known.kind is None and known.because:
            raise _refuse(node, f"'{node.name}' {known.because}")
        if known.kind is None:
            raise UnknownField(f"'{node.name}' can't be read", _find_start(node), declared=True)
        return tree.FieldRef(node.name, known.kind, known.exact)

    def read_constant(self, node: exp.Expr, of: tree.Operand) -> tree.Constant:
        """A fixed value of the operand's kind."""
        if isinstance(node, exp.Column) and _kind_of(of) in ("text", "id") and node.name not in self.fields:
            raise _refuse(node, f"a text stands in single quotes: {write_literal(node.name)}")
        kind = _kind_of(of)
        value = node.name.lower() == "yes" if self.is_flag_word(node, of) else _read_value(node, kind)
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
            if not key_of(value):
                raise _refuse(
                    node, f"'{of.name}' is never an empty text: that means not known; write {of.name} is null"
                )
            if value != strip(value):
                raise _refuse(node, f"'{of.name}' never has white space at its ends; remove it from {quote(value)}")
            known = self.fields[of.name]
            values, same = known.values, str if known.exact else key_of
            if values and same(value) not in map(same, values):
                raise _refuse(node, f"'{of.name}' never has the value {quote(value)}.{did_you_mean(value, values)}")
        return tree.Constant(value)


def _read_value(node: exp.Expr, kind: tree.Kind) -> float | str | bool | date:
    """A fixed value; a text that is compared with another kind is read as query builders write such values."""
    match node:
        case exp.Literal() if node.is_string and kind in ("number", "flag", "date"):
            return _read_quoted(node, kind)
        case exp.Literal() if kind == "flag" and node.this in ("0", "1"):
            return bool(node.this == "1")
        case exp.Literal() if node.is_string:
            return str(node.this)
        case exp.Literal():
            number = float(node.this)
            if not math.isfinite(number):
                raise _refuse(node, "the number is too large")
            return number
        case exp.Neg(this=exp.Literal(is_string=False) as literal):
            return -float(_read_value(literal, "number"))  # type: ignore[arg-type]  # a number, as just matched
        case exp.Boolean():
            return bool(node.this)
        case exp.Cast(this=exp.Literal(is_string=True) as literal):
            return _read_quoted(literal, "date")
    raise _refuse(node, f"{_describe_node(node)} can't stand here; a fixed value is expected")


def _read_quoted(literal: exp.Literal, kind: str) -> float | bool | date:
    """The number, flag or date that a text in quotes writes."""
    text = str(literal.this)
    try:
        if kind == "date":
            if not _DAY.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        if kind == "number" and (mend := correct_number(text)):
            raise _refuse(literal, f"{quote(text)} {mend}")
        value = read_number(text) if kind == "number" else read_flag(text)
        if value is None:
            raise ValueError
        return value
    except UnreadableValue as reason:
        raise _refuse(literal, str(reason)) from None
    except ValueError:
        mend = "write date '2026-01-31'" if kind == "date" else "write a number without quotes"
        raise _refuse(literal, f"{quote(text)} is not a {kind}; {mend}") from None


def _refuse(node: exp.Expr, reason: str) -> ConditionError:
    return ConditionError(reason, _find_start(node))


def _refuse_choices(node: exp.Expr, of: tree.Operand) -> None:
    """Refuse a field of choices where one value is expected."""
    if _kind_of(of) == "choices":
        name = of.name  # type: ignore[union-attr]  # days are numbers
        raise _refuse(node, f"'{name}' holds several choices; ask for one of them: has({name}, 'a')")


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
    return {"id": "an id", "choices": "a field of choices"}.get(kind, f"a {kind}")
