"""The words and signs of a condition: which may stand in it, and next to which.

Whatever else stands in the text is refused at its place, before sqlglot's parser sees it: arithmetic, casts, queries,
comments. The parser also forgives a good deal (`between 1 2`, `in 5`); what it would guess is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType

from leadledger.scoring.card.card_numbers import check_numbers
from leadledger.scoring.card.condition_mends import FUNCTION_MENDS, suggest_mend
from leadledger.scoring.errors import ConditionError, did_you_mean, quote

LONGEST_CONDITION = 4000  # characters; nobody can read more
DEEPEST_CONDITION = 16  # levels of brackets, and nots in a row: the parser takes some thirty calls for each level

SEARCHES = ("contains", "contains_word", "starts_with", "ends_with")
COUNTS = ("days_since", "days_until")
HAS = "has"
FUNCTIONS = (*SEARCHES, *COUNTS, HAS)

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
# Words that query builders write. A field may have their names: it is meant wherever there is one.
_BUILDER_WORDS = {"like": TokenType.LIKE, "ilike": TokenType.ILIKE}
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
_LIKES = {TokenType.LIKE, TokenType.ILIKE}
_JOINS = _COMPARING | _LIKES | {TokenType.AND, TokenType.OR, TokenType.IN, TokenType.IS, TokenType.BETWEEN}
_JOINS |= {TokenType.COMMA, TokenType.DOT}
_ENDING = {TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.TRUE, TokenType.FALSE}
_ENDING |= {TokenType.R_PAREN}
_NEGATED = ([TokenType.IN], [TokenType.BETWEEN], [TokenType.LIKE], [TokenType.ILIKE])
# What may follow IS, besides NOT.
_ASKED_BY_IS = (TokenType.NULL, TokenType.TRUE, TokenType.FALSE)

_SEARCH = "write contains(field, 'text'), starts_with(…) or ends_with(…); they ignore case"
_SUM = "arithmetic is not in the language; compare a field with a number"
_CAST = "casts are not in the language; a field has one kind, and a date is written date '2026-01-31'"
_QUERY = "a query is not allowed here; a condition asks the fields of one lead"
_COMMENT = "a comment is not allowed in a condition; write it in `why:`"
_REFUSED = {
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
    r"|(?P<backquoted>`[^`]*`)"
    r"|(?P<bracketed>\[[^\]]*\])"
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
    check_numbers(pieces, text)
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
    elif piece.kind in ("backquoted", "bracketed"):  # names, as MySQL and SQL Server quote them
        kind, text = TokenType.IDENTIFIER, text[1:-1]
    elif piece.kind == "number":
        kind = TokenType.NUMBER
    elif piece.kind == "sign":
        kind = _SIGNS.get(word)
        if word == "-" and after.kind == "number" and not (i and pieces[i - 1].ends):
            kind = TokenType.DASH
    elif word in RESERVED:
        kind = RESERVED[word]
    elif word in _BUILDER_WORDS and word not in fields:
        kind = _BUILDER_WORDS[word]
    elif word == "date" and after.kind == "text":
        kind = TokenType.DATE
    elif after.word == "(" and word in FUNCTIONS:
        kind, text = TokenType.VAR, f"card_{word}"  # sqlglot has functions of these names, and ideas about them
    elif after.word == "(" and (word in fields or word not in _REFUSED):
        hint = FUNCTION_MENDS.get(word) or did_you_mean(word, FUNCTIONS)
        raise ConditionError(f"unknown function {quote(text)}.{hint}", piece.start)
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
    opened: list[int] = []  # offsets in the text of the brackets that are open
    opened_at: list[int] = []  # positions of the same among the tokens
    nots = 0
    wanted = True  # a value is wanted next; else what joins it to another, or ends it
    for i, (token, kind) in enumerate(zip(tokens, kinds, strict=True)):
        piece = quote(text[token.start : token.end + 1])
        before, after = kinds[:i], kinds[i + 1 :]

        def refuse(reason: str, at: int = token.start) -> ConditionError:
            return ConditionError(reason, at)

        if kind is TokenType.NULL or (kind is TokenType.NOT and before[-1:] == [TokenType.IS]):
            listed = wanted and before[-1:] in ([TokenType.COMMA], [TokenType.L_PAREN]) and _in_list(kinds, opened_at)
            if not listed and before[-1:] != [TokenType.IS] and before[-2:] != [TokenType.IS, TokenType.NOT]:
                raise refuse("write 'is null' or 'is not null' to ask whether a value is missing")
            wanted = kind is TokenType.NOT and after[:1] != [TokenType.NULL]
            continue
        joins = kind in _JOINS or (kind is TokenType.NOT and not wanted and after[:1] in _NEGATED)
        if wanted and joins and before and kind in _COMPARING and before[-1] in _COMPARING:
            sign = text[tokens[i - 1].start : token.end + 1]
            raise refuse(f"{quote(sign)} compares nothing; write one of = <> < <= > >=", tokens[i - 1].start)
        if wanted and (joins or kind is TokenType.R_PAREN):
            raise refuse(f"something is missing before {piece}")
        if not wanted and not joins and kind is not TokenType.R_PAREN:
            if _in_list(kinds, opened_at):
                raise refuse(f"{piece} is not expected here; is a ',' missing before it?")
            mend = suggest_mend(text, tokens, i)
            raise refuse(mend or f"{piece} is not expected here; is 'and' or 'or' missing before it?")
        if kind is TokenType.COMMA and not opened:
            raise refuse("a ',' stands only in a list; join conditions by and / or, and write 10000 without it")
        asked = after[1:2] if after[:1] == [TokenType.NOT] else after[:1]
        if kind is TokenType.IS and not set(asked) & set(_ASKED_BY_IS):
            raise refuse("'is' asks only 'is null', 'is true' or 'is false', each also with 'not'; compare with =")
        if kind in _LIKES and after[:1] != [TokenType.STRING]:
            raise refuse(f"{piece} needs a text in single quotes with % at its ends: like '%text%'")
        if kind is TokenType.IN and after[:1] != [TokenType.L_PAREN]:
            raise refuse("'in' needs a list of values in brackets: in ('a', 'b')")
        if kind is TokenType.BETWEEN and TokenType.AND not in after[1:5]:
            raise refuse("'between' needs two values: between 1 and 10")

        nots = nots + 1 if kind is TokenType.NOT else 0
        if kind is TokenType.L_PAREN:
            opened.append(token.start)
            opened_at.append(i)
        elif kind is TokenType.R_PAREN:
            if not opened:
                raise refuse("this bracket was never opened")
            opened.pop()
            opened_at.pop()
        if len(opened) > DEEPEST_CONDITION or nots > DEEPEST_CONDITION:
            raise refuse(NESTED_TOO_DEEPLY)
        if not joins or kind is not TokenType.NOT:
            wanted = kind not in _ENDING
    if wanted:
        last = tokens[-1]
        raise ConditionError(f"something is missing after {quote(text[last.start :])}, at the end", last.start)
    if opened:
        raise ConditionError("this bracket is never closed", opened[-1])


def _in_list(kinds: Sequence[TokenType], opened_at: Sequence[int]) -> bool:
    """Whether the innermost open bracket is that of a list: `in (`."""
    return bool(opened_at) and kinds[opened_at[-1] - 1 : opened_at[-1]] == [TokenType.IN]
