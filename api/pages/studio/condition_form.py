"""The part of a form that holds a condition: rows of field, operator and values, in groups of two levels.

Inputs are named by the place of a row: `field.0`, `operator.0`, `value.0`, `days.0`; in the group at place 2, `match.2`
and `field.2.0`. A row may also count events: its field is `count price_visit`, and `days.0` says in how many days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from leadledger.api.requests.form import Form
from leadledger.scoring.card_edits.edits import Edit
from leadledger.scoring.card_edits.event_counts import find_counting_field
from leadledger.scoring.conditions.field_choices import FieldChoice, list_field_choices
from leadledger.scoring.conditions.operators import OPERATORS, describe_operator, list_operators
from leadledger.scoring.conditions.rows import Match, Row, Rows
from leadledger.scoring.conditions.sentences import is_plural
from leadledger.scoring.errors import CardEditError
from leadledger.scoring.event_value import EventValue
from leadledger.scoring.scorecard import Card
from leadledger.scoring.tree import Kind

COUNT = "count "
USUAL_DAYS = "14"
MOST_ROWS = 40

_INPUT = re.compile(r"field\.([0-9]{1,3})(?:\.([0-9]{1,3}))?")


@dataclass(frozen=True)
class FormRow:
    """A row as its inputs hold it; `days` is for a count of events alone."""

    field: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()
    days: str = USUAL_DAYS


@dataclass(frozen=True)
class FormGroup:
    """Rows of which all must be true, or any; in the outer group also groups."""

    match: Match = "all"
    items: tuple[FormRow | FormGroup, ...] = ()


def fill_in(rows: Rows) -> FormGroup:
    """The inputs for a condition that a card has."""
    items = tuple(fill_in(item) if isinstance(item, Rows) else _fill_row(item) for item in rows.items)
    return FormGroup(rows.match, items)


def _fill_row(row: Row) -> FormRow:
    return FormRow(row.field, row.operator, row.values)


def read_condition(form: Form) -> FormGroup:
    """The condition that the inputs of a form hold."""
    items: dict[int, FormRow | dict[int, FormRow]] = {}
    for name, _ in form.items():
        match = _INPUT.fullmatch(name)
        if match is None or len(items) > MOST_ROWS:
            continue
        outer, inner = int(match[1]), match[2]
        if inner is None:
            items[outer] = _read_row(form, match[1])
        else:
            group = items.setdefault(outer, {})
            if isinstance(group, dict):
                group[int(inner)] = _read_row(form, f"{match[1]}.{inner}")
    read: list[FormRow | FormGroup] = []
    for place, item in sorted(items.items()):
        if isinstance(item, FormRow):
            read.append(item)
        else:
            read.append(FormGroup(_read_match(form, f"match.{place}"), tuple(row for _, row in sorted(item.items()))))
    return FormGroup(_read_match(form, "match"), tuple(read))


def _read_match(form: Form, name: str) -> Match:
    return "any" if form.get(name) == "any" else "all"


def _read_row(form: Form, place: str) -> FormRow:
    values = tuple(value for text in form.values(f"value.{place}") for value in text.split("\n") if value.strip())
    return FormRow(
        form.get(f"field.{place}"), form.get(f"operator.{place}"), values, form.get(f"days.{place}", USUAL_DAYS)
    )


def change_rows(group: FormGroup, action: str) -> FormGroup:
    """The condition after a button: `add`, `add-group`, `add.2`, `drop.0`, `drop.2.1`."""
    verb, *places = action.split(".")
    numbers = [int(place) for place in places if place.isdigit()]
    items = list(group.items)
    match verb, numbers:
        case "add", []:
            items.append(FormRow())
        case "add-group", []:
            items.append(FormGroup("any" if group.match == "all" else "all", (FormRow(), FormRow())))
        case "add", [outer] if outer < len(items) and isinstance(items[outer], FormGroup):
            items[outer] = change_rows(_as_group(items[outer]), "add")
        case "drop", [outer] if outer < len(items):
            del items[outer]
        case "drop", [outer, inner] if outer < len(items) and isinstance(items[outer], FormGroup):
            inner_group = change_rows(_as_group(items[outer]), f"drop.{inner}")
            items[outer : outer + 1] = [inner_group] if inner_group.items else []
    return replace(group, items=tuple(items))


def _as_group(item: FormRow | FormGroup) -> FormGroup:
    return item if isinstance(item, FormGroup) else FormGroup("all", (item,))


def write_rows(card: Card, group: FormGroup) -> tuple[Rows, list[Edit]]:
    """The rows of a form, and the edits that add the fields which count their events. Raises CardEditError."""
    edits: list[Edit] = []
    items: list[Row | Rows] = []
    for item in group.items:
        if isinstance(item, FormGroup):
            rows, needed = write_rows(card, item)
            items.append(rows)
            edits += needed
        elif item.field.startswith(COUNT):
            days = item.days.strip()
            if not days.isascii() or not days.isdigit() or not 0 < int(days[:6]) <= 3_650:
                raise CardEditError("in how many days is counted? Write a number from 1 to 3,650")
            counting = find_counting_field(card, EventValue("count", item.field.removeprefix(COUNT), window=int(days)))
            if counting.edit is not None:
                edits.append(counting.edit)
            items.append(Row(counting.name, item.operator, item.values))
        else:
            items.append(Row(item.field, item.operator, item.values))
    return Rows(group.match, tuple(items)), edits


# -- what a page shows of it -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FormOption:
    """A choice of a list or of checkboxes."""

    value: str
    words: str
    is_chosen: bool


FieldGroup = tuple[str, tuple[FormOption, ...]]  # its title, and the fields in it


@dataclass(frozen=True)
class RowView:
    """A row as a page shows it. `shape` is that of its values: `none`, `one`, `two`, `many` (a line each), `known`.

    `known` values are those that the card declares, to be ticked. `counts` says that it counts events.
    """

    place: str
    fields: tuple[FieldGroup, ...]
    operators: tuple[FormOption, ...]
    shape: str
    values: tuple[str, ...]
    options: tuple[FormOption, ...]
    days: str
    counts: bool
    unit: str
    input_type: str


@dataclass(frozen=True)
class GroupView:
    """A group of rows as a page shows it; `place` is empty for the outer one."""

    place: str
    match: str
    rows: tuple[RowView | GroupView, ...]


def view_condition(card: Card, group: FormGroup, place: str = "") -> GroupView:
    """A condition with what its inputs offer: the fields of the card, their operators, the values they know."""
    rows: list[RowView | GroupView] = []
    for number, item in enumerate(group.items):
        own = f"{place}.{number}" if place else str(number)
        rows.append(view_condition(card, item, own) if isinstance(item, FormGroup) else _view_row(card, item, own))
    return GroupView(place, group.match, tuple(rows))


def _view_row(card: Card, row: FormRow, place: str) -> RowView:
    choices = {choice.name: choice for choice in list_field_choices(card.fields)}
    name = row.field or next((choice.name for choice in choices.values() if choice.kind != "id"), "")
    counts = name.startswith(COUNT)
    choice = choices.get(name)
    kind: Kind = "number" if choice is None else choice.kind
    operators = list_operators("number") if choice is None else choice.operators
    if counts:
        operators = tuple(way for way in operators if way not in ("known", "not_known"))
    elif row.operator in OPERATORS and row.operator not in operators:
        operators = (*operators, row.operator)  # what a card says already stays
    operator = row.operator if row.operator in operators else operators[0]
    wanted = OPERATORS[operator].values
    plural = counts or (choice is not None and kind == "number" and is_plural(choice.title))
    known = () if choice is None or wanted not in ("one", "many") else choice.values
    is_listed = bool(known) and choice is not None and choice.is_closed
    values = row.values if wanted == "many" else (*row.values, "", "")[: {"none": 0, "one": 1, "two": 2}[wanted]]
    return RowView(
        place=place,
        fields=tuple(_list_fields(card, choices.values(), name)),
        operators=tuple(
            FormOption(way, describe_operator(way, kind, plural=plural), way == operator) for way in operators
        ),
        shape="known" if is_listed else wanted,
        values=tuple(values),
        options=tuple(FormOption(value, value, value in row.values) for value in known) if is_listed else (),
        days=row.days,
        counts=counts,
        unit="" if choice is None else choice.unit,
        input_type="date" if kind == "date" and operator not in ("in_last_days", "in_next_days") else "text",
    )


def _list_fields(card: Card, choices: Iterable[FieldChoice], chosen: str) -> Iterator[FieldGroup]:
    """The fields to choose from, in groups: known of the lead, worked out, counted from events."""
    plain = {field.name for field in card.plain_fields}
    counted = {field.name for field in card.event_fields}
    groups: dict[str, list[FormOption]] = {"Known of the lead": [], "Worked out": []}
    if card.events:
        groups["Counted from events, in the last days"] = [
            FormOption(f"{COUNT}{kind}", f"times of {kind.replace('_', ' ')}", chosen == f"{COUNT}{kind}")
            for kind in card.events
        ]
        groups["Counted already"] = []
    for choice in choices:
        is_counted, is_plain = choice.name in counted, choice.name in plain
        group = "Counted already" if is_counted else "Known of the lead" if is_plain else "Worked out"
        groups[group].append(FormOption(choice.name, choice.title, choice.name == chosen))
    if not any(option.is_chosen for options in groups.values() for option in options):
        groups["As it is in the card"] = [FormOption(chosen, chosen, True)]
    for title, options in groups.items():
        yield title, tuple(sorted(options, key=lambda option: option.words.lower()))
