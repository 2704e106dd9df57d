"""The words and signs of a condition: which may stand in it, and next to which.

Whatever else stands in the text is refused at its place, before sqlglot's parser sees it: arithmetic, LIKE, casts,
queries, comments. The parser also forgives a good deal (`between 1 2`, `in 5`); what it would guess is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType

from leadledger.scoring.errors import ConditionError, did_you_mean, quote

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
NESTED_TOO_DEEPLY = "the condition is nested too deeply; split it into several rules"

_PIECE = re.compile(
    r"(?P<text>'(?:[^']|'')*')"
    r'|(?P<quoted>"(?:[^"]|"")*")'
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign><>|!=|==|<=|>=|--|/\*|&&|\|\||::|\S)"
)


def read_tokens(text: str, fields: Container[str]) -> list[Token]:
    """The tokens of a condition over some fields; the column of each is its position in the list.

    Raises ConditionError with the offset of the mistake.
    """
    if not text.strip():
        raise ConditionError("the condition is empty")
    if len(text) > LONGEST_CONDITION:
        raise ConditionError(
            f"the condition has more than {LONGEST_CONDITION:,} characters; split it into several rules"
        )
    pieces = [_Piece(str(match.lastgroup), match[0], match.start()) for match in _PIECE.finditer(text)]
    tokens = [_read_token(pieces, i, fields) for i in range(len(pieces))]
    _check_order(text, tokens)
    return tokens


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


def _read_token(pieces: Sequence[_Piece], i: int, fields: Container[str]) -> Token:
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


def _check_order(text: str, tokens: Sequence[Token]) -> None:
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
            raise refuse(NESTED_TOO_DEEPLY)
        if not joins or kind is not TokenType.NOT:
            wanted = kind not in _ENDING
    if wanted:
        last = tokens[-1]
        raise ConditionError(f"something is missing after {quote(text[last.start :])}, at the end", last.start)
    if opened:
        raise ConditionError("this bracket is never closed", opened[-1])
