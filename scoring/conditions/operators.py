"""The operators of a row: their words, and which of them fit the kind of a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from leadledger.scoring.tree import Comparison, Kind

# How many values an operator takes; many: one or more.
Count = Literal["none", "one", "two", "many"]


@dataclass(frozen=True)
class Operator:
    """An operator of a row: its words behind a field, those behind several things, and how many values it takes."""

    words: str
    plural: str
    values: Count


def _say(words: str, values: Count) -> Operator:
    plural = words
    for singular, several in (("is ", "are "), ("has ", "have "), ("doesn't ", "don't ")):
        if words.startswith(singular):
            plural = several + words.removeprefix(singular)
    return Operator("is" if words == "is " else words, "are" if words == "is " else plural, values)


OPERATORS: Mapping[str, Operator] = {
    "is": _say("is ", "one"),
    "is_not": _say("is not", "one"),
    "at_least": _say("is at least", "one"),
    "more_than": _say("is more than", "one"),
    "at_most": _say("is at most", "one"),
    "less_than": _say("is less than", "one"),
    "between": _say("is between", "two"),
    "not_between": _say("is not between", "two"),
    "one_of": _say("is one of", "many"),
    "none_of": _say("is none of", "many"),
    "contains": _say("contains", "many"),
    "contains_word": _say("contains the word", "many"),
    "starts_with": _say("starts with", "many"),
    "ends_with": _say("ends with", "many"),
    "not_contains": _say("doesn't contain", "many"),
    "not_contains_word": _say("doesn't contain the word", "many"),
    "not_starts_with": _say("doesn't start with", "many"),
    "not_ends_with": _say("doesn't end with", "many"),
    "has": _say("has", "many"),
    "has_not": _say("doesn't have", "many"),
    "yes": _say("is yes", "none"),
    "no": _say("is no", "none"),
    "known_yes": _say("is known to be yes", "none"),
    "known_no": _say("is known to be no", "none"),
    "not_known_yes": _say("is no or not known", "none"),
    "not_known_no": _say("is yes or not known", "none"),
    "in_last_days": _say("is in the last days", "one"),
    "in_next_days": _say("is in the next days", "one"),
    "known": _say("is known", "none"),
    "not_known": _say("is not known", "none"),
}
DATE_WORDS = {  # a date is before or after another
    "is": "is on",
    "is_not": "is not on",
    "at_least": "is on or after",
    "more_than": "is after",
    "at_most": "is on or before",
    "less_than": "is before",
}
COMPARISONS: Mapping[Comparison, str] = {
    "=": "is",
    "<>": "is_not",
    "<": "less_than",
    "<=": "at_most",
    ">": "more_than",
    ">=": "at_least",
}
SIGNS = {operator: sign for sign, operator in COMPARISONS.items()}
SEARCHES = ("contains", "contains_word", "starts_with", "ends_with")
_ORDER = ("at_least", "more_than", "at_most", "less_than", "between", "not_between")
_KNOWN = ("known", "not_known")
_TEXTS = ("contains", "starts_with", "ends_with", "contains_word")

# In the order in which a form offers them.
OPERATORS_OF_KINDS: Mapping[Kind, tuple[str, ...]] = {
    "number": (*_ORDER, "is", "is_not", "one_of", "none_of", *_KNOWN),
    "text": ("is", "is_not", "one_of", "none_of", *_TEXTS, *(f"not_{way}" for way in _TEXTS), *_KNOWN),
    "id": ("is", "is_not", "one_of", "none_of", *_TEXTS, *(f"not_{way}" for way in _TEXTS), *_KNOWN),
    "flag": ("yes", "no", "known_yes", "known_no", "not_known_yes", "not_known_no", *_KNOWN),
    "date": ("in_last_days", "in_next_days", *_ORDER, "is", "is_not", "one_of", "none_of", *_KNOWN),
    "choices": ("has", "has_not", *_KNOWN),
}


def list_operators(kind: Kind, *, has_values: bool = False) -> tuple[str, ...]:
    """The operators that fit a kind, those used most first. `has_values`: the card lists the values of the field."""
    operators = OPERATORS_OF_KINDS[kind]
    if not has_values or kind == "choices":
        return operators
    return tuple(operator for operator in operators if operator.removeprefix("not_") not in SEARCHES)


def describe_operator(operator: str, kind: Kind, *, plural: bool = False) -> str:
    """The words of an operator, such as `is at least`, behind one thing or behind several."""
    words = OPERATORS[operator].plural if plural else OPERATORS[operator].words
    if kind == "date" and operator in DATE_WORDS:
        return DATE_WORDS[operator]
    return words
