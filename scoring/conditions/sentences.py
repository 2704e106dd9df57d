"""Rules, criteria and exclusions as sentences, in parts: plain words, and those that a page sets in bold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from leadledger.scoring.conditions.operators import OPERATORS, describe_operator
from leadledger.scoring.conditions.rows import Row, Rows, to_rows
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.event_value import EventValue
from leadledger.scoring.exclusion import Exclusion
from leadledger.scoring.field import Field
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.rule import EachRule, Rule
from leadledger.scoring.tree import Condition, Kind

MOST_VALUES_SHOWN = 4  # of a list; the others are counted
_OPERAND = re.compile(r"days_(since|until)\((\w+)\)")
_TAIL = re.compile(r" (?:of|in|on|at|to|for|from|with|by|since|until|before|after|per|\w+ed|sent)\b.*")


@dataclass(frozen=True)
class SentencePart:
    """Words of a sentence, with the blanks around them. `is_strong`: what tells it from others, set in bold."""

    text: str
    is_strong: bool = False

    def to_dict(self) -> dict[str, object]:
        """Flat JSON."""
        return {"text": self.text, "strong": self.is_strong}


Sentence: TypeAlias = tuple[SentencePart, ...]


def describe_rule(rule: Rule | EachRule, fields: Mapping[str, Field]) -> Sentence:
    """When a rule earns its points: `When **budget** is at least **10,000 EUR**, halving every 14 days`."""
    if isinstance(rule, EachRule):
        return _describe_each(rule)
    parts = [SentencePart("When "), *describe_condition(rule.when, fields)]
    if rule.half_life is not None:
        parts.append(SentencePart(f", halving every {_count_days(rule.half_life.days)}"))
    return tuple(parts)


def describe_criterion(criterion: Criterion, fields: Mapping[str, Field]) -> Sentence:
    """When a criterion is met."""
    return (SentencePart("Met when "), *describe_condition(criterion.met, fields))


def describe_exclusion(exclusion: Exclusion, fields: Mapping[str, Field]) -> Sentence:
    """When a lead is left out, whatever its points."""
    return (SentencePart("When "), *describe_condition(exclusion.when, fields))


def describe_condition(condition: Condition, fields: Mapping[str, Field]) -> Sentence:
    """A condition as the end of a sentence; its own text where it is deeper than two levels."""
    rows = to_rows(condition.tree)
    if rows is None:
        return (SentencePart(condition.text),)
    return tuple(_merge(_describe_rows(rows, fields, is_outer=True)))


def write_sentence(sentence: Sentence) -> str:
    """A sentence as plain text."""
    return "".join(part.text for part in sentence)


def describe_event_value(value: EventValue) -> str:
    """What a field counts, in words: `price visits in 14 days`."""
    kind = value.kind.replace("_", " ")
    window = f" in {_count_days(value.window)}" if value.window else ""
    match value.way:
        case "count":
            return f"{_name_several(kind)}{window}"
        case "days":
            return f"days with a {kind}{window}"
        case "sum" | "max":
            of = value.property.replace("_", " ")
            return f"{'total' if value.way == 'sum' else 'highest'} {of} of {_name_several(kind)}{window}"
    return f"{value.way} {kind}"


def name_field(field: Field) -> str:
    """The name of a field in a sentence: its label, what it counts, or its name in words."""
    return field.title if field.label or field.event_value is None else describe_event_value(field.event_value)


def _describe_each(rule: EachRule) -> Sentence:
    parts = [SentencePart("For each "), SentencePart(rule.each.replace("_", " "), is_strong=True)]
    if rule.within is not None:
        parts.append(SentencePart(f" in the last {_count_days(rule.within)}"))
    if rule.half_life is not None:
        parts.append(SentencePart(f", halving every {_count_days(rule.half_life)}"))
    if rule.per_day is not None:
        parts.append(SentencePart(f", at most {_trim(format_unsigned(rule.per_day))} points a day"))
    return tuple(parts)


def _describe_rows(rows: Rows, fields: Mapping[str, Field], *, is_outer: bool) -> list[SentencePart]:
    items = [
        _describe_row(item, fields) if isinstance(item, Row) else _describe_rows(item, fields, is_outer=False)
        for item in rows.items
    ]
    has_groups = is_outer and any(isinstance(item, Rows) for item in rows.items)
    word = f"{',' if has_groups else ''} {'and' if rows.match == 'all' else 'or'}"  # the comma keeps groups apart
    parts = [part for i, item in enumerate(items) for part in ([SentencePart(f"{word} ")] if i else []) + item]
    if is_outer:
        return parts
    start = {"all": "both ", "any": "either "}[rows.match] if len(items) == 2 else f"{rows.match} of these: "
    return [SentencePart(start), *parts]


def _describe_row(row: Row, fields: Mapping[str, Field]) -> list[SentencePart]:
    match = _OPERAND.fullmatch(row.field)
    field = fields[match[2] if match else row.field]
    kind: Kind = "number" if match else field.kind
    name = f"days {match[1]} {name_field(field)}" if match else name_field(field)
    plural = kind == "number" and is_plural(name)
    if row.operator in ("in_last_days", "in_next_days"):
        way = "last" if row.operator == "in_last_days" else "next"
        number = SentencePart(_show_value(row.values[0], "number", ""), is_strong=True)
        last = SentencePart(f" day{'' if row.values[0] == '1' else 's'}")
        return [SentencePart(name, is_strong=True), SentencePart(f" is in the {way} "), number, last]
    start = [
        SentencePart(name, is_strong=True),
        SentencePart(f" {describe_operator(row.operator, kind, plural=plural)}"),
    ]
    wanted = OPERATORS[row.operator].values
    if wanted == "none":
        return start
    unit = field.unit if not match else ""
    values = [SentencePart(_show_value(value, kind, unit), is_strong=True) for value in row.values]
    return [*start, SentencePart(" "), *_list_values(values, "and" if wanted == "two" else "or")]


def _list_values(values: Sequence[SentencePart], joint: str) -> list[SentencePart]:
    """Values with commas, the last one joined by a word; of many, the first ones and how many more there are."""
    if len(values) > MOST_VALUES_SHOWN:
        shown = MOST_VALUES_SHOWN - 1
        values = (*values[:shown], SentencePart(f"{len(values) - shown:,} more", is_strong=True))
        joint = "and"
    parts: list[SentencePart] = []
    for i, value in enumerate(values):
        if i:
            parts.append(SentencePart(f" {joint} " if i == len(values) - 1 else ", "))
        parts.append(value)
    return parts


def _show_value(text: str, kind: Kind, unit: str) -> str:
    """A value as people write it: a number with separators and its unit."""
    if kind != "number":
        return text
    try:
        number = f"{float(text):,.15g}"
    except ValueError:
        return text
    return number.replace("-", "−") + (f"\u00a0{unit}" if unit else "")


def is_plural(name: str) -> bool:
    """Whether a name is that of several things, as far as its letters tell: `visits to the price page`."""
    head = _TAIL.sub("", name).split()
    return bool(head) and any(_ends_as_several(word) for word in (head[0], head[-1]))


def _ends_as_several(word: str) -> bool:
    word = word.lower()
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))


def _name_several(kind: str) -> str:
    """The plural of a kind of events: `price visits`, `replies`."""
    if is_plural(kind):
        return kind
    if kind.endswith("y") and kind[-2:-1] not in tuple("aeiou"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith(("s", "x", "ch", "sh")) else f"{kind}s"


def _count_days(days: int) -> str:
    return f"{days:,} day{'' if days == 1 else 's'}"


def _trim(number: str) -> str:
    return number.removesuffix(".0")


def _merge(parts: Iterable[SentencePart]) -> list[SentencePart]:
    """Parts of which no two neighbours look alike."""
    merged: list[SentencePart] = []
    for part in parts:
        if merged and merged[-1].is_strong == part.is_strong:
            merged[-1] = SentencePart(merged[-1].text + part.text, part.is_strong)
        else:
            merged.append(part)
    return merged
