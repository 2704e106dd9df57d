"""From the text of a condition to its tree.

sqlglot parses, between two allow-lists of ours. The first is of words and signs: whatever else stands in the text is
refused at its place, before the parser sees it. The second is of nodes: what the parser returns is walked into our own
tree, every operand typed by its field. What engines disagree on (arithmetic, LIKE, casts, case folding beyond ASCII) is
not in the language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlglot
from sqlglot import Token, TokenType, exp

from leadledger.scoring import tree
from leadledger.scoring.errors import ConditionError, UnknownField, did_you_mean, quote
from leadledger.scoring.field import WHITE_SPACE, Field
from leadledger.scoring.tree import Condition

LONGEST_CONDITION = 4000  # characters; nobody can read more
DEEPEST_CONDITION = 16  # levels of brackets, and nots in a row: the parser takes some thirty calls for each level

SEARCHES = ("contains", "starts_with", "ends_with")
COUNTS = ("days_since", "days_until")
FUNCTIONS = SEARCHES + COUNTS

# Words that mean something by themselves. Every other word is a name: a field may be called `order` or `case`.
RESERVED = {
    "and": TokenType.AND,
    "or": TokenType.OR,
    "not": TokenType.NOT,
    "in": TokenType.IN,
    "is": TokenType.IS,
    "null": TokenType.NULL,
    "between": TokenType.BETWEEN,
    "true": TokenType.TRUE,
    "false": TokenType.FALSE,
}
_SIGNS = {
    "=": TokenType.EQ,
    "==": TokenType.EQ,
    "<>": TokenType.NEQ,
    "!=": TokenType.NEQ,
    "<": TokenType.LT,
    "<=": TokenType.LTE,
    ">": TokenType.GT,
    ">=": TokenType.GTE,
    "(": TokenType.L_PAREN,
    ")": TokenType.R_PAREN,
    ",": TokenType.COMMA,
    ".": TokenType.DOT,
}

_COMPARING = {TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE}
_JOINS = _COMPARING | {TokenType.AND, TokenType.OR, TokenType.IN, TokenType.IS, TokenType.BETWEEN}
_JOINS |= {TokenType.COMMA, TokenType.DOT}
_ENDING = {TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.TRUE, TokenType.FALSE}
_ENDING |= {TokenType.R_PAREN}
_NEGATED = ([TokenType.IN], [TokenType.BETWEEN])

_SEARCH = "write contains(field, 'text'), starts_with(…) or ends_with(…); they ignore the case of A to Z"
_SUM = "arithmetic is not in the language; compare a field with a number"
_CAST = "casts are not in the language; a field has one kind, and a date is written date '2026-01-31'"
_QUERY = "a query is not allowed here; a condition asks the fields of one lead"
_COMMENT = "a comment is not allowed in a condition; write it in `why:`"
_REFUSED = {
    "like": f"LIKE is not in the language; {_SEARCH}",
    "ilike": f"ILIKE is not in the language; {_SEARCH}",
    "~": f"'~' is not in the language; {_SEARCH}",
    "+": _SUM,
    "-": f"{_SUM}; a date is written date '2026-01-31', and days are counted by days_since(field)",
    "*": _SUM,
    "/": _SUM,
    "%": _SUM,
    "cast": _CAST,
    "::": _CAST,
    "case": "CASE is not in the language; write one rule for each case",
    "select": _QUERY,
    "exists": _QUERY,
    "&&": "'&&' is not in the language; write and",
    "||": "'||' is not in the language; write or",
    "!": "'!' is not in the language; write not",
    ";": "one condition is expected; remove the ';'",
    "--": _COMMENT,
    "/*": _COMMENT,
    "'": "this quote is never closed",
    '"': "this quote is never closed",
}
_LEVELS = "the condition is nested too deeply; split it into several rules"

_COMPARISONS: dict[type[exp.Expr], tree.Comparison] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED: dict[tree.Comparison, tree.Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}

_PIECE = re.compile(
    r"(?P<text>'(?:[^']|'')*')"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign><>|!=|==|<=|>=|--|/\*|&&|\|\||::|\S)"
)
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
    return Condition(join_lines(text), _Walk(fields).condition(_parse(text, fields)))


def parse_tree(text: str, fields: Mapping[str, Field]) -> tree.Node:
    """The tree of a condition over the fields of a card. Raises ConditionError with the offset of the mistake."""
    return parse_condition(text, {one.name: KnownField(one.kind, one.values) for one in fields.values()}).tree


def parse_days(text: str, fields: Mapping[str, KnownField]) -> tree.Days | None:
    """Read `days_since(field)` or `days_until(field)`; None if the text is something else."""
    node = _parse(text, fields)
    if not isinstance(node, exp.Anonymous) or _function(node) not in COUNTS:
        return None
    return _Walk(fields).days(node)


def join_lines(text: str) -> str:
    """A condition on one line: white space outside of quotes becomes single spaces."""
    return _GAP.sub(lambda found: found[1] or " ", text).strip()


def _parse(text: str, fields: Mapping[str, KnownField]) -> exp.Expr:
    if not text.strip():
        raise ConditionError("the condition is empty")
    if len(text) > LONGEST_CONDITION:
        raise ConditionError(f"the condition has more than {LONGEST_CONDITION} characters; split it into several rules")
    pieces = [_Piece(str(one.lastgroup), one[0], one.start()) for one in _PIECE.finditer(text)]
    tokens = [_token(pieces, i, fields) for i in range(len(pieces))]
    _match(text, tokens)
    parser = sqlglot.Dialect.get_or_raise("duckdb").parser(error_level=sqlglot.ErrorLevel.RAISE)
    try:
        (root,) = parser.parse_into(exp.Condition, tokens, text)
    except sqlglot.errors.ParseError as error:
        at = pieces[min(int(error.errors[0]["col"] or 0), len(pieces) - 1)]
        raise ConditionError(f"this can't be read from {quote(at.text)} on", at.start) from None
    except RecursionError:  # the caller has used up most of the stack
        raise ConditionError(_LEVELS) from None
    assert root is not None  # there is a token at least
    return root


# -- words and signs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    """A text, a quoted name, a number, a word or a sign, with its offset."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """A word or a sign, without its case; empty for what is quoted, and for a number."""
        return self.text.lower() if self.kind in ("word", "sign") else ""

    @property
    def ends(self) -> bool:
        """Whether a value ends here, so that a minus after it would be arithmetic."""
        return self.word == ")" or (self.kind != "sign" and self.word not in RESERVED)


def _token(pieces: Sequence[_Piece], i: int, fields: Mapping[str, KnownField]) -> Token:
    """The token of a piece, if it is in the language. A token's column is its position in the list."""
    piece = pieces[i]
    after = pieces[i + 1] if i + 1 < len(pieces) else _Piece("sign", "", 0)
    word = piece.word
    kind, text = None, piece.text
    if piece.kind in ("text", "quoted"):
        kind = TokenType.STRING if piece.kind == "text" else TokenType.IDENTIFIER
        text = text[1:-1].replace(text[0] * 2, text[0])
    elif piece.kind == "number":
        kind = TokenType.NUMBER
    elif piece.kind == "sign":
        kind = _SIGNS.get(word)
        if word == "-" and after.kind == "number" and not (i and pieces[i - 1].ends):
            kind = TokenType.DASH
    elif word in RESERVED:
        kind = RESERVED[word]
    elif word == "date" and after.kind == "text":
        kind = TokenType.DATE
    elif after.word == "(" and word in FUNCTIONS:
        kind, text = TokenType.VAR, f"card_{word}"  # sqlglot has functions of these names, and ideas about them
    elif after.word == "(" and (word in fields or word not in _REFUSED):
        raise ConditionError(f"unknown function {quote(text)}.{did_you_mean(word, FUNCTIONS)}", piece.start)
    elif word in fields or word not in _REFUSED:
        kind, text = TokenType.IDENTIFIER, word
    if kind is None:
        raise ConditionError(_REFUSED.get(word, f"{quote(text)} is not in the language of conditions"), piece.start)
    return Token(kind, text, 1, i, piece.start, piece.start + len(piece.text) - 1)


def _match(text: str, tokens: Sequence[Token]) -> None:
    """Values and what joins them take turns, brackets have partners, and words that go together stand together.

    The parser forgives a good deal (`between 1 2`, `in 5`); a condition must not mean what somebody guessed.
    """
    kinds = [token.token_type for token in tokens]
    opened: list[int] = []
    nots = 0
    wanted = True  # a value is wanted next; else what joins it to another, or ends it
    for i, (token, kind) in enumerate(zip(tokens, kinds, strict=True)):
        piece = quote(text[token.start : token.end + 1])
        before, after = kinds[:i], kinds[i + 1 :]

        def refuse(reason: str, at: int = token.start) -> ConditionError:
            return ConditionError(reason, at)

        if kind is TokenType.NULL or (kind is TokenType.NOT and before[-1:] == [TokenType.IS]):
            if before[-1:] != [TokenType.IS] and before[-2:] != [TokenType.IS, TokenType.NOT]:
                raise refuse("write 'is null' or 'is not null' to ask whether a value is missing")
            wanted = False
            continue
        joins = kind in _JOINS or (kind is TokenType.NOT and not wanted and after[:1] in _NEGATED)
        if wanted and joins and before and kind in _COMPARING and before[-1] in _COMPARING:
            sign = text[tokens[i - 1].start : token.end + 1]
            raise refuse(f"{quote(sign)} compares nothing; write one of = <> < <= > >=", tokens[i - 1].start)
        if wanted and (joins or kind is TokenType.R_PAREN):
            raise refuse(f"something is missing before {piece}")
        if not wanted and not joins and kind is not TokenType.R_PAREN:
            raise refuse(f"{piece} is not expected here; is 'and' or 'or' missing before it?")
        if kind is TokenType.COMMA and not opened:
            raise refuse("a ',' stands only in a list; join conditions by and / or, and write 10000 without it")
        if kind is TokenType.IS and after[:1] != [TokenType.NULL] and after[:2] != [TokenType.NOT, TokenType.NULL]:
            raise refuse("'is' asks only 'is null' or 'is not null'; compare with =, and name a flag alone")
        if kind is TokenType.IN and after[:1] != [TokenType.L_PAREN]:
            raise refuse("'in' needs a list of values in brackets: in ('a', 'b')")
        if kind is TokenType.BETWEEN and TokenType.AND not in after[1:3]:
            raise refuse("'between' needs two values: between 1 and 10")

        nots = nots + 1 if kind is TokenType.NOT else 0
        if kind is TokenType.L_PAREN:
            opened.append(token.start)
        elif kind is TokenType.R_PAREN:
            if not opened:
                raise refuse("this bracket was never opened")
            opened.pop()
        if len(opened) > DEEPEST_CONDITION or nots > DEEPEST_CONDITION:
            raise refuse(_LEVELS)
        if not joins or kind is not TokenType.NOT:
            wanted = kind not in _ENDING
    if wanted:
        last = tokens[-1]
        raise ConditionError(f"something is missing after {quote(text[last.start :])}, at the end", last.start)
    if opened:
        raise ConditionError("this bracket is never closed", opened[-1])


# -- nodes ------------------------------------------------------------------------------------------------------------


class _Walk:
    """One walk over a parsed condition; holds the fields, so that its steps need not pass them on."""

    def __init__(self, fields: Mapping[str, KnownField]) -> None:
        self.fields = fields

    def condition(self, node: exp.Expr) -> tree.Node:
        match node:
            case exp.Paren():
                return self.condition(node.this)
            case exp.Not():
                return tree.Not(self.condition(node.this))
            case exp.And() | exp.Or():
                join = tree.And if isinstance(node, exp.And) else tree.Or
                return join(tuple(self.condition(part) for part in node.flatten()))
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return self.compare(node, _COMPARISONS[type(node)])
            case exp.Between():
                return self.between(node)
            case exp.In():
                return self.one_of(node)
            case exp.Is():
                return tree.IsNull(self.operand(node.this))
            case exp.Anonymous() if _function(node) in SEARCHES:
                return self.search(node)
            case exp.Anonymous() if _function(node) in COUNTS:
                raise _refuse(node, f"{_function(node)}(…) is a number; compare it with something")
            case exp.Column():
                field = self.field(node)
                if field.kind != "flag":
                    raise _refuse(node, f"'{field.name}' is {_a(field.kind)}, not a flag; compare it with something")
                return tree.Truth(field)
        raise _refuse(node, f"{_sort(node)} can't stand here; a condition is expected")

    def compare(self, node: exp.Expr, op: tree.Comparison) -> tree.Node:
        left, right = _bare(node.this), _bare(node.expression)
        if _is_literal(left):
            left, right, op = right, left, _MIRRORED[op]
        if _is_literal(left):
            raise _refuse(node, "two fixed values are compared; a condition asks at least one field")
        of = self.operand(left)
        if _is_literal(right):
            return self.checked(node, op, of, self.literal(right, of))
        other = self.operand(right, beside=of)
        if _kind(of) != _kind(other):
            raise _refuse(node, f"{_a(_kind(of))} can't be compared with {_a(_kind(other))}")
        return self.checked(node, op, of, other)

    def checked(
        self, node: exp.Expr, op: tree.Comparison, of: tree.Operand, right: tree.Operand | tree.Constant
    ) -> tree.Compare:
        if op not in ("=", "<>") and _kind(of) not in ("number", "date"):
            raise _refuse(node, f"{_a(_kind(of))} has no order; '{op}' needs a number or a date")
        return tree.Compare(op, of, right)

    def between(self, node: exp.Between) -> tree.Node:
        of = self.operand(node.this)
        low, high = (self.literal(_bare(node.args[end]), of) for end in ("low", "high"))
        both = tree.And((self.checked(node, ">=", of, low), self.checked(node, "<=", of, high)))
        if low.value > high.value:  # type: ignore[operator]  # both have the operand's kind, and it has an order
            raise _refuse(node.args["low"], "nothing is between these two: the first is the greater one")
        return both

    def one_of(self, node: exp.In) -> tree.Node:
        of = self.operand(node.this)
        if not node.expressions:
            raise _refuse(node, "'in' needs a list of values in brackets: in ('a', 'b')")
        return tree.In(of, tuple(dict.fromkeys(self.literal(_bare(item), of) for item in node.expressions)))

    def search(self, node: exp.Anonymous) -> tree.Node:
        way = _function(node)
        if len(node.expressions) != 2:
            raise _refuse(node, f"write {way}(field, 'text')")
        of, text = node.expressions
        if not isinstance(of, exp.Column) or not isinstance(text, exp.Literal) or not text.is_string:
            raise _refuse(node, f"write {way}(field, 'text')")
        field = self.field(of)
        if field.kind not in ("text", "id"):
            raise _refuse(of, f"'{field.name}' is {_a(field.kind)}; {way} searches a text")
        if not text.this:
            raise _refuse(text, f"{way} needs a text to search for; every text holds the empty one")
        return tree.Search(way, field, text.this)  # type: ignore[arg-type]  # one of SEARCHES

    def days(self, node: exp.Anonymous) -> tree.Days:
        name = _function(node)
        if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Column):
            raise _refuse(node, f"write {name}(field) with one date field")
        field = self.field(node.expressions[0])
        if field.kind != "date":
            raise _refuse(node.expressions[0], f"'{field.name}' is {_a(field.kind)}; {name} asks a date")
        return tree.Days("since" if name == "days_since" else "until", field)

    def operand(self, node: exp.Expr, beside: tree.Operand | None = None) -> tree.Operand:
        """A field, or days counted from one. `beside` is what it is compared with, for a better hint."""
        match node:
            case exp.Paren():
                return self.operand(node.this, beside)
            case exp.Column():
                return self.field(node, beside)
            case exp.Anonymous() if _function(node) in COUNTS:
                return self.days(node)
        raise _refuse(node, f"{_sort(node)} can't stand here; a field is expected")

    def field(self, node: exp.Column, beside: tree.Operand | None = None) -> tree.FieldRef:
        if node.table:
            raise _refuse(node, "a field has no dot in its name; CRM names belong under `from:`")
        if node.name not in self.fields:
            hint = did_you_mean(node.name, self.fields)
            if node.this.args.get("quoted") == '"' or (beside is not None and _kind(beside) in ("text", "id")):
                hint = f" If it is a text, put it in single quotes: {_quoted(node.name)}."
            raise UnknownField(f"unknown field {quote(node.name)}.{hint}", _start(node))
        known = self.fields[node.name]
        if known.kind is None and known.because:
            raise _refuse(node, f"'{node.name}' {known.because}")
        if known.kind is None:
            raise UnknownField(f"'{node.name}' can't be read", _start(node), declared=True)
        return tree.FieldRef(node.name, known.kind)

    def literal(self, node: exp.Expr, of: tree.Operand) -> tree.Constant:
        """A fixed value of the operand's kind."""
        if isinstance(node, exp.Column) and _kind(of) in ("text", "id") and node.name not in self.fields:
            raise _refuse(node, f"a text stands in single quotes: {_quoted(node.name)}")
        value = _value(node)
        kind = _kind(of)
        found = {float: "number", str: "text", bool: "flag", date: "date"}[type(value)]
        if found != kind and not (kind == "id" and found == "text"):
            name = of.name if isinstance(of, tree.FieldRef) else f"days_{of.way}(…)"
            hint = {
                "number": "write a number without quotes",
                "text": "write a text in single quotes",
                "id": "write a text in single quotes",
                "flag": "write true or false",
                "date": "write date '2026-01-31'",
            }[kind]
            raise _refuse(node, f"'{name}' is {_a(kind)}, and this is {_a(found)}; {hint}")
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


def _value(node: exp.Expr) -> float | str | bool | date:
    match node:
        case exp.Literal() if node.is_string:
            return str(node.this)
        case exp.Literal():
            number = float(node.this)
            if not math.isfinite(number):
                raise _refuse(node, "the number is too large")
            return number
        case exp.Neg(this=exp.Literal(is_string=False) as literal):
            return -float(_value(literal))  # type: ignore[arg-type]  # a number, as just matched
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
    raise _refuse(node, f"{_sort(node)} can't stand here; a fixed value is expected")


def _refuse(node: exp.Expr, reason: str) -> ConditionError:
    return ConditionError(reason, _start(node))


def _start(node: exp.Expr) -> int:
    """The offset of the first place that a node, or the nearest one above it, stands at."""
    above: exp.Expr | None = node
    while above is not None:
        starts = [part.meta["start"] for part in above.walk() if "start" in part.meta]
        if starts:
            return int(min(starts))
        above = above.parent
    return 0


def _bare(node: exp.Expr) -> exp.Expr:
    """A node without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _function(node: exp.Anonymous) -> str:
    return str(node.this).removeprefix("card_")


def _is_literal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal | exp.Boolean | exp.Neg | exp.Cast)


def _kind(operand: tree.Operand) -> tree.Kind:
    return "number" if isinstance(operand, tree.Days) else operand.kind


def _sort(node: exp.Expr) -> str:
    """What a node is, in a few words."""
    if _is_literal(node):
        return "a fixed value"
    if isinstance(node, exp.Column):
        return "a field"
    if isinstance(node, exp.Predicate | exp.Connector | exp.Not | exp.Anonymous):
        return "a condition"
    return "a list" if isinstance(node, exp.Tuple) else "this"


def _a(kind: str) -> str:
    return f"an {kind}" if kind == "id" else f"a {kind}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
