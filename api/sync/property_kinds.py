"""The kinds of properties that results are written to, in words."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.scoring.errors import quote

_WORDS: Mapping[str, str] = {
    "number": "number",
    "text": "text",
    "long_text": "text of several lines",
    "date": "date",
}


def describe_misfit(type_name: object, kind: str) -> str:
    """Why a property of a CRM's type can't take values of a kind, as the end of a sentence."""
    return f"is of the type {quote(str(type_name))}, which takes no {_WORDS[kind]}"
