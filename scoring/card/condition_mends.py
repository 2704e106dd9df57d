"""What to write instead of the words that people expect in a condition: `email contains 'x'`, `30 days ago`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Token, TokenType

_DAY_COUNT = "count days: days_since(field) < 30"
# Functions of SQL that people write, and what does the same here.
FUNCTION_MENDS = {
    **dict.fromkeys(
        ("lower", "upper", "lcase", "ucase", "trim", "ltrim", "rtrim"),
        " Texts are compared without regard to case and to blanks at their ends; name the field alone.",
    ),
    **dict.fromkeys(
        ("now", "today", "getdate", "current_date", "curdate", "date_sub", "date_add", "datediff", "dateadd"),
        f" To compare with the day of scoring, {_DAY_COUNT}.",
    ),
    **dict.fromkeys(("to_date", "date", "str_to_date"), " A date is written '2026-01-31'."),
    **dict.fromkeys(
        ("coalesce", "ifnull", "nvl", "isnull"), " To ask whether a value is missing, write field is null."
    ),
}
_SEARCH_WORDS = {
    "contains": "contains",
    "includes": "contains",
    "has": "contains",
    "contains_word": "contains_word",
    "starts_with": "starts_with",
    "startswith": "starts_with",
    "starts": "starts_with",
    "begins": "starts_with",
    "begins_with": "starts_with",
    "ends_with": "ends_with",
    "endswith": "ends_with",
    "ends": "ends_with",
}
_DAYS_PER_UNIT = {"day": 1, "days": 1, "week": 7, "weeks": 7, "month": 30, "months": 30, "year": 365, "years": 365}
# `last_activity > 30 days ago` asks for a later day, so for fewer days since then.
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def suggest_mend(text: str, tokens: Sequence[Token], i: int) -> str | None:
    """What to write instead of token i of a condition, which stands where `and` or `or` is expected; None: no idea."""
    word = tokens[i].text.lower()
    if tokens[i].token_type is not TokenType.IDENTIFIER:
        return None
    before = tokens[i - 1]
    if word in _SEARCH_WORDS and before.token_type is TokenType.IDENTIFIER:
        searched = next((token for token in tokens[i + 1 : i + 3] if token.token_type is TokenType.STRING), None)
        part = text[searched.start : searched.end + 1] if searched else "'text'"
        return f"write {_SEARCH_WORDS[word]}({before.text}, {part})"
    if word in _DAYS_PER_UNIT and before.token_type is TokenType.NUMBER:
        return _suggest_days(text, tokens, i)
    return None


def _suggest_days(text: str, tokens: Sequence[Token], i: int) -> str:
    """The condition for `field > 30 days ago`, or for `days_silent > 30 days`."""
    days = f"{float(tokens[i - 1].text) * _DAYS_PER_UNIT[tokens[i].text.lower()]:g}"
    ago = i + 1 < len(tokens) and tokens[i + 1].text.lower() == "ago"
    field = tokens[i - 3] if i >= 3 and tokens[i - 3].token_type is TokenType.IDENTIFIER else None
    sign = text[tokens[i - 2].start : tokens[i - 2].end + 1] if field else ""
    if ago and field and sign in _MIRRORED:
        return f"write days_since({field.text}) {_MIRRORED[sign]} {days}"
    return f"a number stands alone, without its unit; write {days}"
