"""One reading of one card: what its sections have declared so far, and the readers that several sections share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from leadledger.scoring.axis import Axis, AxisName
from leadledger.scoring.card.card_keys import KEYS, KINDS
from leadledger.scoring.card.condition import KnownField, parse_condition
from leadledger.scoring.card.yaml_shapes import KeyValue, Shapes, is_name, is_null
from leadledger.scoring.errors import ConditionError, UnknownField
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.field import Field
from leadledger.scoring.tree import Condition

NAMED_SECTIONS = ("groups", "criteria", "rules", "exclude", "stages", "grades")


class CardReading:
    """What is known while a card is read. Each section reads its part and adds to it.

    `sections` are the items of the card. `known` is what conditions may ask, None where the fields can't be read.
    `misnamed` are names of fields that can't be names. `systems_named` are the systems of which the `from:` of a
    field speaks, folded. `asked_to_learn` are the fields that say `learn: yes`, each with the place; `parents` are the
    fields that name a parent, each with that. `events` are the kinds of events, `unread_events` the names of those that
    can't be read, `properties_known` what conditions may ask of the events of a kind, `tracked_since` the place of each
    such key. `axes` are those that can be read. `explores`: whether a stage says `explore:`. `declared` are the names
    in each section, right or wrong; None where some can't be read.
    """

    def __init__(self, shapes: Shapes, sections: Mapping[str, KeyValue]) -> None:
        self.shapes = shapes
        self.sections = sections
        self.missing: tuple[str, ...] = ()
        self.time_zone = "UTC"
        self.is_zoned = "time_zone" in sections
        self.fields: dict[str, Field] = {}
        self.known: dict[str, KnownField] | None = None
        self.misnamed: list[str] = []
        self.systems_named: dict[str, frozenset[str]] = {}
        self.asked_to_learn: dict[str, yaml.Node] = {}
        self.parents: dict[str, KeyValue] = {}
        self.stage_values: list[yaml.Node] = []
        self.events: dict[str, EventKind] = {}
        self.unread_events: set[str] = set()
        self.properties_known: dict[str, dict[str, KnownField]] = {}
        self.tracked_since: dict[str, yaml.Node] = {}
        self.axes: dict[AxisName, Axis] = {}
        self.explores = False
        # Without a section, and with a problem in the keys, the section may be there under another name.
        absent: dict[str, None] | None = None if shapes.problems else {}
        self.declared: dict[str, dict[str, None] | None] = {
            section: _names_declared(sections[section].value) if section in sections else absent
            for section in NAMED_SECTIONS
        }

    def is_undeclared(self, name: str, section: str) -> bool:
        """Whether a section surely has no such name: a misspelt name in it, reported already, could be the one."""
        declared = self.declared[section]
        return declared is not None and name not in declared and all(map(is_name, declared))

    def list_date_fields(self) -> list[str]:
        """The names of the fields that are dates."""
        return [name for name, field in (self.known or {}).items() if field.kind == "date"]

    def list_written_columns(self) -> set[str]:
        """The columns that the card itself names."""
        return {column for field in self.fields.values() for column in field.written_columns}

    # -- shared readers ----------------------------------------------------------------------------------------------

    def read_texts(self, node: yaml.Node, what: str, empty: bool = False) -> list[tuple[str, yaml.Node]]:
        """A list of texts, each once and as written (`null` is one too); the empty text only where it is allowed."""
        texts: dict[str, yaml.Node] = {}
        for item in self.shapes.read_items(node, what):
            if isinstance(item, yaml.ScalarNode) and (
                item.value.strip() if is_null(item) else empty and not item.value.strip()
            ):
                texts.setdefault(item.value.strip(), item)
                continue
            text = self.shapes.read_text(item, f"an entry of {what}")
            if text is not None:
                texts.setdefault(text, item)
        return list(texts.items())

    def read_kind(self, record: Mapping[str, KeyValue], what: str) -> str | None:
        """The kind of a field or a property; None where it can't be read."""
        return self.shapes.read_word(record["kind"].value, f"`kind` of {what}", KINDS) if "kind" in record else None

    def read_line(self, record: Mapping[str, KeyValue], key: str, what: str) -> str:
        """An optional text that is shown to people; empty where there is none."""
        return self.shapes.read_line(record[key].value, f"`{key}` of {what}") if key in record else ""

    def read_condition(self, record: Mapping[str, KeyValue], key: str, what: str) -> Condition | None:
        """A condition; None where there is none, or none that can be read."""
        if key not in record:
            return None
        text = self.shapes.read_text(record[key].value, f"`{key}` of {what}")
        if text is None or self.known is None:
            return None
        try:
            return parse_condition(text, self.known)
        except ConditionError as error:
            self.note_condition_error(record[key].value, what, text, error)
            return None

    def note_condition_error(self, node: yaml.Node, what: str, text: str, error: ConditionError) -> None:
        """Note a mistake in a condition, unless it may follow from a field that can't be read."""
        follows = isinstance(error, UnknownField) and (error.declared or self.misnamed)
        if follows or any(name in text.lower() for name in self.misnamed):
            return
        self.shapes.add_problem(node, f"{what}: {error.text}", error.offset)

    def read_named_records(
        self, section: str, kind: str, kinds: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str, dict[str, KeyValue]]]:
        """The records of a list with a name each: the name, what to call it in messages, its items.

        Their keys are those of `kind`, or with a key of `kinds` those of the kind that belongs to it.
        """
        first_lines: dict[str, int] = {}
        for number, node in enumerate(self.shapes.read_items(self.sections[section].value, f"`{section}`"), start=1):
            written = _name_of(node)
            what = f"{kind} '{written}'" if is_name(written) else f"{kind} {number}"
            written_keys = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
            of_key = next((other for key, other in (kinds or {}).items() if key in written_keys), kind)
            record = self.shapes.read_record(node, what, KEYS[of_key])
            name = (
                self.shapes.read_name(record["name"].value, f"the name of {kind} {number}")
                if "name" in record
                else None
            )
            if name is not None and name in first_lines:
                first = f"the first on line {first_lines[name]}"
                text = f"two {kind}s have the name '{name}', {first}; rename one of the two"
                self.shapes.add_problem(record["name"].value, text)
            if name is not None:
                first_lines.setdefault(name, record["name"].value.start_mark.line + 1)
            yield name or "", what, record


def _names_declared(node: yaml.Node) -> dict[str, None] | None:
    """The names in a section as they are written, right or wrong; None where some can't be read."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): None for key, _ in node.value}
    if not isinstance(node, yaml.SequenceNode):
        return None
    names = [_name_of(entry) for entry in node.value]
    return dict.fromkeys(names) if all(names) else None


def _name_of(entry: yaml.Node) -> str:
    """The `name` of a record as it is written; empty where it has none."""
    for key, value in entry.value if isinstance(entry, yaml.MappingNode) else []:
        if key.value == "name" and isinstance(value, yaml.ScalarNode):
            return str(value.value)
    return ""
