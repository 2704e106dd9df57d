"""From a YAML file to a card, or to every mistake in it.

The reader knows the keys of a card and what they mean; `shape.py` knows YAML and positions. Nothing is guessed: unknown
and duplicate keys, names that nothing declares, values of the wrong kind are refused, all at once, in file order. One
mistake is one message: what can't be told until another mistake is mended is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from leadledger.scoring.card import crm_names
from leadledger.scoring.card.condition import RESERVED, KnownField, join_lines, parse_condition, parse_days
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES, RECORD_ID_NAMES, WRITE_BACK_OUTPUTS
from leadledger.scoring.card.yaml_shapes import LARGEST_CARD, KeyValue, Shapes, is_name, is_null
from leadledger.scoring.errors import (
    ConditionError,
    Problem,
    ScorecardError,
    UnknownField,
    UnreadableValue,
    did_you_mean,
    quote,
)
from leadledger.scoring.field import Field, fold, make_cleaner
from leadledger.scoring.gate import Capacity, DealValue, Stage
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.rule import Criterion, Exclusion, Group, HalfLife, Rule
from leadledger.scoring.scorecard import Card, Case, Outcome, Scorecard, build_untrained
from leadledger.scoring.tree import Condition, Days, Typed

# The keys of each part of a card, and whether each must be there. The JSON Schema lists the same; a test compares them.
KEYS: Mapping[str, Mapping[str, bool]] = {
    "card": {"name": True, "title": False, "missing": False, "fields": True}
    | dict.fromkeys(("outcome", "base_rate", "trust", "criteria", "groups", "rules", "exclude", "stages"), False)
    | dict.fromkeys(("grades", "write_back", "cases"), False),
    "field": dict.fromkeys(("values", "unit", "better", "from", "ask", "learn", "label", "missing", "is"), False)
    | {"kind": True, "known_when_scored": False},
    "outcome": {"became": True, "since": False, "within": False, "minimum": False},
    "became": {"field": True, "kind": True},
    "criterion": {"met": True, "essential": False, "label": False},
    "group": {"max": False, "min": False, "best_of": False},
    "rule": {"name": True, "when": True, "points": True, "reason": True}
    | dict.fromkeys(("why", "since", "half_life", "group"), False),
    "exclusion": {"name": True, "when": True, "reason": True},
    "stage": {"name": True} | dict.fromkeys(("requires", "points", "probability", "capacity", "value"), False),
    "probability": {"precision": True, "confidence": False},
    "value": {"won": True, "cost": True},
    "write_back": dict.fromkeys(DEFAULT_PROPERTIES, False),
    "written": dict.fromkeys(WRITE_BACK_OUTPUTS, False),
    "case": {"name": False, "lead": True, "as_of": False, "expect": True},
    "expect": dict.fromkeys(("recommendation", "from", "to", "grade", "score", "points", "fires", "not_fires"), False),
}
LINES = ("probability", "capacity", "value")  # what asks training for a line; a stage has one of them at most
KINDS = ("number", "text", "flag", "date", "id")
CASE_DAY = date(2026, 1, 1)  # the day of a case that names none

_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_CARD_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def load(path: Path | str) -> Scorecard:
    """Read a card: rules alone, as declared. Raises ScorecardError with every problem.

    `Releases(home).open()` gives a scorecard with what was learned.
    """
    return build_untrained(read_card(path))


def read_card(path: Path | str) -> Card:
    """Read a card from a file. Raises ScorecardError with every problem."""
    return parse_card(read_card_text(path), Path(path).name)


def read_card_text(path: Path | str) -> str:
    """The text of a card's file. Raises ScorecardError where it can't be opened, or is no text."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_CARD + 1)  # one byte more than `parse_card` takes, and never a whole disk
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace").split("\n")
        text = "this is not UTF-8 text; save the card as UTF-8"
        raise ScorecardError([Problem(path.name, len(before), len(before[-1]) + 1, text)]) from None
    except OSError as error:
        raise ScorecardError([Problem(str(path), 1, 1, f"the card can't be opened: {error.strerror}")]) from None
    except ValueError:  # a NUL in the path
        raise ScorecardError([Problem(quote(str(path)), 1, 1, "the card can't be opened: this is no path")]) from None


def parse_card(text: str, file: str = "card.yaml", *, standard_names: bool = True) -> Card:
    """Read a card from text; `file` is the name that messages give. Raises ScorecardError with every problem.

    `standard_names`: whether its fields are also found under the standard names of CRMs.
    """
    shapes = Shapes(file)
    card = _Reader(shapes).card(shapes.compose(text), standard_names)
    if shapes.problems:
        raise ScorecardError(shapes.problems)
    return card


class _Reader:
    """One reading of one card."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.missing: tuple[str, ...] = ()
        self.fields: dict[str, Field] = {}
        self.known: dict[str, KnownField] | None = None  # what conditions may ask; None: the fields can't be told
        self.misnamed: list[str] = []  # names of fields that can't be names
        self.spoken: dict[str, frozenset[str]] = {}  # the systems of which the `from:` of a field speaks, folded
        self.stage_values: list[yaml.Node] = []
        # The names in each section, right or wrong; None where they can't all be told.
        self.declared: dict[str, dict[str, None] | None] = {}

    def card(self, root: yaml.Node, standard_names: bool = True) -> Card:
        shapes = self.shapes
        found = shapes.record(root, "the card", KEYS["card"])
        found = {key: item for key, item in found.items() if shapes.few(item.value, f"`{key}`")}
        for section in ("groups", "criteria", "rules", "exclude", "stages", "grades"):
            # Without a section, and with a problem in the keys, the section may be there under another name.
            absent: dict[str, None] | None = None if shapes.problems else {}
            self.declared[section] = _declared(found[section].value) if section in found else absent
        name = shapes.text(found["name"].value, "`name`") if "name" in found else None
        if name is not None and not (_CARD_NAME.fullmatch(name) and len(name) <= 60):
            rule = "use a to z and 0 to 9, with single - between them, at most 60 in all"
            shapes.problem(found["name"].value, f"`name` is {quote(name)}; {rule}")
        if "missing" in found:
            self.missing = tuple(text for text, _ in self.texts(found["missing"].value, "`missing`", empty=True))
        if "fields" in found:
            self.read_fields(found["fields"].value)
        criteria = self.criteria(found)
        groups = self.groups(found)
        rules = self.rules(found)
        exclude = self.exclusions(found)
        stages = self.stages(found, criteria)
        grades, below = self.grades(found)
        outcome = self.outcome(found["outcome"].value) if "outcome" in found else None
        base_rate = shapes.number(found["base_rate"].value, "`base_rate`", 0, 1) if "base_rate" in found else None
        if base_rate is not None and base_rate in (0, 1):
            shapes.problem(found["base_rate"].value, "`base_rate` must lie between 0 and 1, both left out")
        if standard_names:
            taken = {outcome.column} if outcome else set()
            taken |= self.fields.keys() | {name for one in self.fields.values() for name in one.written_columns}
            self.fields = crm_names.add_standard_names(self.fields, self.spoken, taken)
        return Card(
            name=name or "",
            title=shapes.line(found["title"].value, "`title`") if "title" in found else "",
            fields=self.fields,
            criteria=criteria,
            groups=groups,
            rules=rules,
            exclude=exclude,
            stages=stages,
            grades=grades,
            below=below,
            missing=self.missing,
            outcome=outcome,
            base_rate=base_rate,
            trust=shapes.number(found["trust"].value, "`trust`", 0, 1) if "trust" in found else None,
            cases=self.cases(found, (*(grade for grade, _ in grades), below)),
            write_back=self.write_back(found["write_back"].value) if "write_back" in found else {},
            standard_names=standard_names,
        )

    def texts(self, node: yaml.Node, what: str, empty: bool = False) -> list[tuple[str, yaml.Node]]:
        """A list of texts, each once and as written (`null` is one too); the empty text only where it is allowed."""
        found: dict[str, yaml.Node] = {}
        for item in self.shapes.items(node, what):
            if isinstance(item, yaml.ScalarNode) and (
                item.value.strip() if is_null(item) else empty and not item.value.strip()
            ):
                found.setdefault(item.value.strip(), item)
                continue
            text = self.shapes.text(item, f"an entry of {what}")
            if text is not None:
                found.setdefault(text, item)
        return list(found.items())

    def line(self, record: Mapping[str, KeyValue], key: str, what: str) -> str:
        """An optional text that is shown to people; empty where there is none."""
        return self.shapes.line(record[key].value, f"`{key}` of {what}") if key in record else ""

    # -- fields -----------------------------------------------------------------------------------------------------

    def read_fields(self, node: yaml.Node) -> None:
        shapes = self.shapes
        items = {}
        for name, item in shapes.mapping(node, "`fields`").items():
            if shapes.name(item.key, "the name of a field") is None:
                self.misnamed.append(name.lower())
            elif name in RESERVED:
                shapes.problem(item.key, f"a field can't be called '{name}', which is a word of conditions; rename it")
                self.misnamed.append(name)
            else:
                items[name] = item
        if not isinstance(node, yaml.MappingNode):
            return
        if not node.value:
            shapes.problem(node, "`fields` is empty; a card needs at least one field")
            return
        records = {name: shapes.record(item.value, f"field '{name}'", KEYS["field"]) for name, item in items.items()}
        later = "is computed, here or further down; a field asks only those above it"
        self.known = {
            name: KnownField(None, because=later if "is" in record else "") for name, record in records.items()
        }
        columns = {name: name for name in items}
        for name, record in records.items():
            kind = shapes.word(record["kind"].value, f"`kind` of field '{name}'", KINDS) if "kind" in record else None
            if "is" not in record:
                self.fields[name] = self.plain_field(name, kind, record, columns)
                self.known[name] = KnownField(self.fields[name].kind if kind else None, self.fields[name].values)
        for name, record in records.items():
            if "is" in record:
                derived = self.derived_field(name, record)
                self.known[name] = KnownField(derived.kind if derived else None)
                if derived is not None:
                    self.fields[name] = derived
        self.fields = {name: self.fields[name] for name in items if name in self.fields}

    def plain_field(
        self, name: str, kind: str | None, record: Mapping[str, KeyValue], columns: dict[str, str]
    ) -> Field:
        shapes, what = self.shapes, f"field '{name}'"

        def only_for(key: str, *kinds: str) -> bool:
            if key not in record or kind is None:
                return False
            if kind not in kinds:
                shapes.problem(
                    record[key].key, f"`{key}` of {what} is only for {_or(kinds)}, not for {_or((kind,))}; remove it"
                )
                return False
            return True

        values = self.values(record["values"].value, what) if only_for("values", "text") else []
        if name == "stage":
            self.stage_values = [node for _, node in values]
        better = ""
        if only_for("better", "number"):
            better = shapes.word(record["better"].value, f"`better` of {what}", ("higher", "lower")) or ""
        learn = shapes.yes(record["learn"].value, f"`learn` of {what}") if "learn" in record else None
        if learn and kind in ("date", "id"):
            hint = "learn from a derived field such as `is: days_since(…)`" if kind == "date" else "an id tells nothing"
            shapes.problem(record["learn"].value, f"{what} is {_or((kind,))}, which can't be learnt from; {hint}")
        field = Field(
            name=name,
            kind=kind or "text",  # type: ignore[arg-type]  # one of KINDS
            values=tuple(text for text, _ in values),
            unit=self.line(record, "unit", what) if only_for("unit", "number") else "",
            better=better,  # type: ignore[arg-type]  # one of the two words, or empty
            sources=self.sources(name, record["from"].value, columns) if "from" in record else (),
            ask=self.line(record, "ask", what),
            learn=kind not in ("date", "id") if learn is None else learn,
            known_when_scored=self.known_when_scored(record, what),
            label=self.line(record, "label", what),
        )
        if only_for("missing", "number", "text", "id"):
            field = replace(field, missing=self.absent(field, record["missing"].value))
        return field

    def known_when_scored(self, record: Mapping[str, KeyValue], what: str) -> bool:
        key = "known_when_scored"
        return key in record and bool(self.shapes.yes(record[key].value, f"`{key}` of {what}"))

    def values(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node]]:
        """The listed values of a text field; none where one of them can't be read, so that none is found wrong."""
        before = len(self.shapes.problems)
        found = self.texts(node, f"`values` of {what}")
        seen: dict[str, str] = {}
        for text, item in found:
            first = seen.setdefault(fold(text), text)
            if first != text:
                both = f"{quote(first)} and {quote(text)}"
                self.shapes.problem(item, f"`values` of {what} has {both}, alike but for case; remove one of the two")
        if isinstance(node, yaml.SequenceNode) and not node.value:
            self.shapes.problem(node, f"`values` of {what} is empty; list the values, or remove the key")
        return found if len(self.shapes.problems) == before else []

    def absent(self, field: Field, node: yaml.Node) -> tuple[float | str, ...]:
        """The typed values of a field that mean "not known"."""
        what = f"`missing` of field '{field.name}'"
        found: list[Any] = []
        clean = make_cleaner(Field(field.name, field.kind), frozenset())
        for text, item in self.texts(node, what):
            try:
                found.append(clean(text))
            except UnreadableValue as reason:
                self.shapes.problem(item, f"{what}: {reason}")
        return tuple(one for one in found if one is not None)

    def sources(self, name: str, node: yaml.Node, columns: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """The columns of each system. `columns` says which field has a column already, and is added to."""
        shapes, what = self.shapes, f"`from` of field '{name}'"
        pairs = [("", node)]
        if isinstance(node, yaml.MappingNode):
            pairs = [(system, item.value) for system, item in shapes.mapping(node, what).items()]
        self.spoken[name] = frozenset(fold(system) for system, _ in pairs)
        found = []
        for system, one in pairs:
            for column_node in one.value if isinstance(one, yaml.SequenceNode) else [one]:
                column = shapes.text(column_node, what)
                if column is None:
                    continue
                if columns.setdefault(column, name) != name:
                    text = f"{what} takes {quote(column)}, which field '{columns[column]}' has already"
                    shapes.problem(column_node, f"{text}; remove one of the two")
                found.append((system, column))
        return tuple(found)

    def derived_field(self, name: str, record: Mapping[str, KeyValue]) -> Field | None:
        shapes, what = self.shapes, f"field '{name}'"
        for key in ("values", "from", "ask", "missing"):
            if key in record:
                shapes.problem(record[key].key, f"{what} is computed by `is:`, so it can't have `{key}:`; remove it")
        text = shapes.text(record["is"].value, f"`is` of {what}")
        if text is None or self.known is None:
            return None
        try:
            days: Days | None = parse_days(text, self.known)
            derived = days if days is not None else parse_condition(text, self.known).tree
        except ConditionError as error:
            self.mistake(record["is"].value, f"`is` of {what}", text, error)
            return None
        kind = "flag" if days is None else "number"
        if "kind" in record and record["kind"].value.value != kind:
            if record["kind"].value.value in KINDS:  # any other word has been noted
                shapes.problem(record["kind"].value, f"{what} computes a {kind}; write `kind: {kind}`")
            return None
        for key in ("unit", "better"):
            if key in record and kind != "number":
                shapes.problem(record[key].key, f"`{key}` of {what} is only for a number, not for a flag; remove it")
        learn = shapes.yes(record["learn"].value, f"`learn` of {what}") if "learn" in record else None
        words = ("higher", "lower")
        better = shapes.word(record["better"].value, f"`better` of {what}", words) if "better" in record else None
        return Field(
            name=name,
            kind=kind,  # type: ignore[arg-type]  # one of two kinds
            unit=self.line(record, "unit", what),
            better=better or "",  # type: ignore[arg-type]  # one of the two words, or empty
            learn=True if learn is None else learn,
            known_when_scored=self.known_when_scored(record, what),
            label=self.line(record, "label", what),
            derived=derived,
            derived_text=join_lines(text),
        )

    # -- what conditions decide -------------------------------------------------------------------------------------

    def condition(self, record: Mapping[str, KeyValue], key: str, what: str) -> Condition | None:
        if key not in record:
            return None
        text = self.shapes.text(record[key].value, f"`{key}` of {what}")
        if text is None or self.known is None:
            return None
        try:
            return parse_condition(text, self.known)
        except ConditionError as error:
            self.mistake(record[key].value, what, text, error)
            return None

    def mistake(self, node: yaml.Node, what: str, text: str, error: ConditionError) -> None:
        """Note a mistake in a condition, unless it may follow from a field that can't be read."""
        follows = isinstance(error, UnknownField) and (error.declared or self.misnamed)
        if follows or any(name in text.lower() for name in self.misnamed):
            return
        self.shapes.problem(node, f"{what}: {error.text}", error.offset)

    def undeclared(self, name: str, section: str) -> bool:
        """Whether a section surely has no such name: a misspelt name in it, told already, could be the one."""
        declared = self.declared[section]
        return declared is not None and name not in declared and all(map(is_name, declared))

    def criteria(self, found: Mapping[str, KeyValue]) -> tuple[Criterion, ...]:
        if "criteria" not in found:
            return ()
        shapes = self.shapes
        result = []
        for name, item in shapes.names(shapes.mapping(found["criteria"].value, "`criteria`"), "a criterion"):
            what = f"criterion '{name}'"
            record = shapes.record(item.value, what, KEYS["criterion"])
            met = self.condition(record, "met", what)
            essential = True
            if "essential" in record:
                essential = shapes.yes(record["essential"].value, f"`essential` of {what}") is not False
            # A criterion that can't be read keeps its name, so that a stage that requires it is not a second problem.
            result.append(Criterion(name, met or NOTHING, essential, self.line(record, "label", what)))
        return tuple(result)

    def groups(self, found: Mapping[str, KeyValue]) -> tuple[Group, ...]:
        if "groups" not in found:
            return ()
        shapes = self.shapes
        result = []
        for name, item in shapes.names(shapes.mapping(found["groups"].value, "`groups`"), "a group"):
            what = f"group '{name}'"
            record = shapes.record(item.value, what, KEYS["group"])
            most = shapes.points(record["max"].value, f"`max` of {what}") if "max" in record else None
            least = shapes.points(record["min"].value, f"`min` of {what}") if "min" in record else None
            best = shapes.yes(record["best_of"].value, f"`best_of` of {what}") if "best_of" in record else False
            worth = "a group of which no rule fires is worth 0"
            if most is not None and most < 0:
                shapes.problem(record["max"].value, f"`max` of {what} is below 0; {worth}")
            if least is not None and least > 0:
                shapes.problem(record["min"].value, f"`min` of {what} is above 0; {worth}")
            if isinstance(item.value, yaml.MappingNode) and not item.value.value:
                shapes.problem(item.value, f"{what} does nothing; give it `max:`, `min:` or `best_of: yes`")
            result.append(Group(name, most, least, bool(best)))
        return tuple(result)

    def named(
        self, found: Mapping[str, KeyValue], section: str, kind: str
    ) -> Iterator[tuple[str, str, dict[str, KeyValue]]]:
        """The records of a list with a name each: the name, what to call it in messages, its items."""
        seen: dict[str, int] = {}
        for number, node in enumerate(self.shapes.items(found[section].value, f"`{section}`"), start=1):
            written = _name_of(node)
            what = f"{kind} '{written}'" if is_name(written) else f"{kind} {number}"
            record = self.shapes.record(node, what, KEYS[kind])
            name = self.shapes.name(record["name"].value, f"the name of {kind} {number}") if "name" in record else None
            if name is not None and name in seen:
                text = f"two {kind}s have the name '{name}', the first on line {seen[name]}; rename one of the two"
                self.shapes.problem(record["name"].value, text)
            if name is not None:
                seen.setdefault(name, record["name"].value.start_mark.line + 1)
            yield name or "", what, record

    def rules(self, found: Mapping[str, KeyValue]) -> tuple[Rule, ...]:
        if "rules" not in found:
            return ()
        shapes = self.shapes
        result = []
        for name, what, record in self.named(found, "rules", "rule"):
            when = self.condition(record, "when", what)
            points = shapes.points(record["points"].value, f"`points` of {what}", 100) if "points" in record else None
            if points == 0:
                shapes.problem(record["points"].value, f"{what} earns 0 points; give it points or remove it")
            reason, why = self.line(record, "reason", what), self.line(record, "why", what)
            since = shapes.day(record["since"].value, f"`since` of {what}") if "since" in record else None
            half_life = self.half_life(record["half_life"].value, what) if "half_life" in record else None
            group = shapes.text(record["group"].value, f"`group` of {what}") if "group" in record else None
            if group is not None and self.undeclared(group, "groups"):
                hint = did_you_mean(group, self.declared["groups"] or ()) or " Declare it under `groups:`."
                shapes.problem(record["group"].value, f"{what} is in the unknown group {quote(group)}.{hint}")
            if when is not None and points:
                result.append(Rule(name, when, points, reason, why, since, half_life, group or ""))
        return tuple(result)

    def half_life(self, node: yaml.Node, what: str) -> HalfLife | None:
        found = self.shapes.days(node, f"`half_life` of {what}", of=True)
        if found is None or self.known is None:
            return None
        days, name = found
        offset = node.value.rindex(name)
        if name not in self.known:
            if not self.misnamed:
                hint = did_you_mean(name, self.dates())
                self.shapes.problem(node, f"`half_life` of {what} asks the unknown field '{name}'.{hint}", offset)
            return None
        kind = self.known[name].kind
        if kind not in ("date", None):
            self.shapes.problem(node, f"`half_life` of {what} asks '{name}', a {kind}; it needs a date", offset)
            return None
        return HalfLife(days, name)

    def dates(self) -> list[str]:
        return [name for name, known in (self.known or {}).items() if known.kind == "date"]

    def exclusions(self, found: Mapping[str, KeyValue]) -> tuple[Exclusion, ...]:
        if "exclude" not in found:
            return ()
        result = []
        for name, what, record in self.named(found, "exclude", "exclusion"):
            when = self.condition(record, "when", what)
            reason = self.line(record, "reason", what)
            if when is not None:
                result.append(Exclusion(name, when, reason))
        return tuple(result)

    # -- stages, grades, outcome ------------------------------------------------------------------------------------

    def stages(self, found: Mapping[str, KeyValue], criteria: tuple[Criterion, ...]) -> tuple[Stage, ...]:
        if "stages" not in found:
            return ()
        shapes = self.shapes
        known = {one.name: one for one in criteria}
        result: list[Stage] = []
        for name, what, record in self.named(found, "stages", "stage"):
            requires = []
            entries = self.texts(record["requires"].value, f"`requires` of {what}") if "requires" in record else []
            for criterion, node in entries:
                if criterion in known and not known[criterion].essential:
                    text = f"{what} requires '{criterion}', which says `essential: no`; remove one of the two"
                    shapes.problem(node, text)
                elif self.undeclared(criterion, "criteria"):
                    hint = did_you_mean(criterion, known) or " Declare it under `criteria:`."
                    shapes.problem(node, f"{what} requires the unknown criterion {quote(criterion)}.{hint}")
                elif criterion in known:
                    requires.append(criterion)
            points = shapes.points(record["points"].value, f"`points` of {what}") if "points" in record else None
            precision, confidence = None, 0.9
            if "probability" in record:
                asked = shapes.record(record["probability"].value, f"`probability` of {what}", KEYS["probability"])
                for key, item in asked.items():
                    number = shapes.number(item.value, f"`{key}` of {what}", 0.01, 0.999)
                    if number is not None and key == "precision":
                        precision = number
                    elif number is not None:
                        confidence = number
            rate = shapes.rate(record["capacity"].value, f"`capacity` of {what}") if "capacity" in record else None
            value = self.value(record["value"].value, what) if "value" in record else None
            asks = [key for key in record if key in LINES]
            if not result:
                for key in ("requires", "points", *LINES):
                    if key in record:
                        text = f"{what} is the first, so nothing can be required to enter it; remove `{key}:`"
                        shapes.problem(record[key].key, text)
            elif len(asks) > 1:
                text = f"{what} asks for a line by {' and by '.join(f'`{key}`' for key in asks)}; keep one of them"
                shapes.problem(record[asks[1]].key, text)
            capacity = Capacity(*rate) if rate else None
            result.append(Stage(name, tuple(requires), points, precision, confidence, capacity, value))
        self.stage_field(found["stages"].value)
        return tuple(result)

    def value(self, node: yaml.Node, what: str) -> DealValue | None:
        """What an opportunity brings, and what a promotion costs."""
        shapes = self.shapes
        record = shapes.record(node, f"`value` of {what}", KEYS["value"])
        found = {key: shapes.number(item.value, f"`{key}` of {what}", 0.01, 1e9) for key, item in record.items()}
        won, cost = found.get("won"), found.get("cost")
        if won is None or cost is None:
            return None
        if cost >= won:
            text = f"`cost` of {what} is not below `won`, so no promotion could ever pay; mend one of the two"
            shapes.problem(record["cost"].value, text)
            return None
        return DealValue(won, cost)

    def stage_field(self, node: yaml.Node) -> None:
        """A field named `stage` says where a lead stands, so its values are names of stages."""
        field = self.fields.get("stage")
        if field is None:
            return
        if self.known is not None and self.known["stage"].kind not in ("text", None):
            self.shapes.problem(
                node, f"field 'stage' is a {field.kind}; it says where a lead stands, so it must be a text"
            )
        for value in self.stage_values:
            if self.undeclared(value.value, "stages"):
                hint = did_you_mean(value.value, self.declared["stages"] or ())
                text = f"field 'stage' has the value {quote(value.value)}, which is not a stage.{hint}"
                self.shapes.problem(value, text)

    def grades(self, found: Mapping[str, KeyValue]) -> tuple[tuple[tuple[str, int], ...], str]:
        if "grades" not in found:
            return (("A", 650), ("B", 500), ("C", 350)), "D"
        shapes = self.shapes
        before = len(shapes.problems)
        result: list[tuple[str, int]] = []
        ordered = True
        for grade, item in shapes.mapping(found["grades"].value, "`grades`").items():
            if not (grade.isalnum() and grade.isascii() and len(grade) <= 10):
                shapes.problem(item.key, f"the grade {quote(grade)} must be a short word, such as A or B")
                continue
            points = shapes.points(item.value, f"grade {grade}")
            if points is None:
                continue
            if ordered and result and points >= result[-1][1]:
                shapes.problem(item.value, f"grade {grade} must start below grade {result[-1][0]}; list the best first")
                ordered = False
            result.append((grade, points))
        if len(shapes.problems) > before:
            self.declared["grades"] = None
        last = result[-1][0] if result else "C"
        below = chr(ord(last) + 1) if last in [*"ABCDEFGHIJKLMNOPQRSTUVWXY"] else "below"
        return tuple(result), "below" if below in {grade for grade, _ in result} else below

    def outcome(self, node: yaml.Node) -> Outcome | None:
        shapes = self.shapes
        record = shapes.record(node, "`outcome`", KEYS["outcome"])
        if "became" not in record:
            return None
        became = shapes.record(record["became"].value, "`became`", KEYS["became"])
        column = shapes.text(became["field"].value, "`field` of `became`") if "field" in became else None
        kind = shapes.word(became["kind"].value, "`kind` of `became`", ("date", "flag")) if "kind" in became else None
        since = shapes.text(record["since"].value, "`since` of `outcome`") if "since" in record else None
        within = shapes.days(record["within"].value, "`within` of `outcome`") if "within" in record else None
        minimum: float | None = 100
        if "minimum" in record:
            minimum = shapes.number(record["minimum"].value, "`minimum` of `outcome`", 1, 1e9, decimals=0)
        if since is not None and self.known is not None and (since in self.known or not self.misnamed):
            known = self.known.get(since)
            if known is None or known.kind not in ("date", None):
                hint = did_you_mean(since, self.dates()) or " Declare one under `fields:`."
                text = f"`since` of `outcome` must name a date field, not {quote(since)}.{hint}"
                shapes.problem(record["since"].value, text)
        absent = [key for key in ("since", "within") if key not in record]
        if kind == "date" and absent:
            keys = " and ".join(f"`{key}:`" for key in absent)
            shapes.problem(
                node, f"`outcome` is told by a date, so it needs {keys}, to say from when and how long to wait"
            )
        if column is not None and column in {name for one in self.fields.values() for name in one.written_columns}:
            text = (
                f"{quote(column)} is the outcome, so it can't be a field too: a lead to be scored doesn't have it yet"
            )
            shapes.problem(became["field"].value, f"{text}; remove the field")
        return Outcome(column or "", kind or "flag", since or "", within[0] if within else 0, int(minimum or 100))

    # -- write back -------------------------------------------------------------------------------------------------

    def write_back(self, node: yaml.Node) -> dict[str, dict[str, str]]:
        """For each system, the property that each output is written to."""
        shapes = self.shapes
        result = {}
        systems = shapes.record(node, "`write_back`", KEYS["write_back"])
        for system, item in systems.items():
            what = f"`{system}` of `write_back`"
            found: dict[str, str] = {}
            for output, one in shapes.record(item.value, what, KEYS["written"]).items():
                name = self.property_of(one.value, f"`{output}` of {what}", system)
                if name is None:
                    continue
                if name in found.values():
                    first = next(key for key, taken in found.items() if taken == name)
                    text = f"`{output}` of {what} is '{name}', and so is `{first}`; give each a property of its own"
                    shapes.problem(one.value, text)
                found[output] = name
            if isinstance(item.value, yaml.MappingNode) and not item.value.value:
                text = f"{what} writes nothing; say for example `score: {DEFAULT_PROPERTIES[system]['score']}`"
                shapes.problem(item.value, text)
            result[system] = found
        return result

    def property_of(self, node: yaml.Node, what: str, system: str) -> str | None:
        """The name of a property that may be written to."""
        shapes = self.shapes
        name = shapes.text(node, what)
        if name is None:
            return None
        reads = [
            one.name
            for one in self.fields.values()
            if (system, name) in (*one.sources, *one.standard, *one.in_bodies) or one.name == name
        ]
        if not _PROPERTY.fullmatch(name):
            rule = "a letter, then letters, digits and _, at most 100 in all"
            shapes.problem(node, f"{what} is {quote(name)}, which is no name of a property; it must be {rule}")
        elif fold(name) in RECORD_ID_NAMES:
            shapes.problem(node, f"{what} is '{name}', which says what record it is; write to a property of its own")
        elif reads:
            text = f"{what} is '{name}', from which field '{reads[0]}' is read"
            shapes.problem(node, f"{text}; write to a property of its own")
        else:
            return name
        return None

    # -- cases ------------------------------------------------------------------------------------------------------

    def cases(self, found: Mapping[str, KeyValue], grades: tuple[str, ...]) -> tuple[Case, ...]:
        if "cases" not in found:
            return ()
        shapes = self.shapes
        result = []
        for number, node in enumerate(shapes.items(found["cases"].value, "`cases`"), start=1):
            what = f"case {number}"
            record = shapes.record(node, what, KEYS["case"])
            name = self.line(record, "name", what)
            as_of = shapes.day(record["as_of"].value, f"`as_of` of {what}") if "as_of" in record else None
            lead = self.lead(record["lead"].value, what) if "lead" in record else {}
            expect: dict[str, Any] = {}
            if "expect" in record:
                asked = shapes.record(record["expect"].value, f"`expect` of {what}", KEYS["expect"])
                expect = {
                    key: self.expected(key, item.value, f"`{key}` of {what}", grades) for key, item in asked.items()
                }
                if isinstance(record["expect"].value, yaml.MappingNode) and not record["expect"].value.value:
                    text = f"{what} expects nothing; write for example `recommendation: ask`"
                    shapes.problem(record["expect"].value, text)
            result.append(Case(name or what, lead, as_of or CASE_DAY, expect, node.start_mark.line + 1))
        return tuple(result)

    def expected(self, key: str, node: yaml.Node, what: str, grades: tuple[str, ...]) -> Any:
        shapes = self.shapes
        if key == "recommendation":
            return shapes.word(node, what, VERDICTS)
        if key == "score":
            return shapes.number(node, what, 0, 100, decimals=0)
        if key == "points":
            return shapes.points(node, what, 100_000)
        if key in ("fires", "not_fires"):
            entries = self.texts(node, what)
            for one, item in entries:
                if self.undeclared(one, "rules") and self.undeclared(one, "exclude"):
                    hint = did_you_mean(one, (self.declared["rules"] or {}) | (self.declared["exclude"] or {}))
                    shapes.problem(item, f"{what} names {quote(one)}, which is no rule or exclusion.{hint}")
            return tuple(one for one, _ in entries)
        text = shapes.text(node, what)
        if text is None:
            return None
        if key == "grade":
            if text not in grades and self.declared["grades"] is not None:
                shapes.problem(node, f"{what} is {quote(text)}, which is not one of: {', '.join(grades)}")
        elif self.undeclared(text, "stages"):
            hint = did_you_mean(text, self.declared["stages"] or ()) or " Declare it under `stages:`."
            shapes.problem(node, f"{what} is {quote(text)}, which is not a stage.{hint}")
        return text

    def lead(self, node: yaml.Node, what: str) -> dict[str, Any]:
        """The raw lead of a case: texts, as a list would hold them; each must be readable."""
        shapes = self.shapes
        columns = {column: one for one in self.fields.values() if one.derived is None for column in one.columns}
        absent = frozenset(fold(text) for text in self.missing)
        found: dict[str, Any] = {}
        typed: dict[str, tuple[str, Typed]] = {}
        for key, item in shapes.mapping(node, f"the lead of {what}").items():
            field = columns.get(key)
            if field is None:
                written = [name for one in self.fields.values() if one.derived is None for name in one.written_columns]
                self.strange(item.key, key, what, written)
                continue
            if not isinstance(item.value, yaml.ScalarNode):
                shapes.problem(item.value, f"{quote(key)} of {what} must be a single value")
                continue
            found[key] = None if is_null(item.value) else str(item.value.value)
            if self.known is None or self.known[field.name].kind is None:
                continue
            try:
                value = make_cleaner(field, absent)(found[key])
            except UnreadableValue as reason:
                shapes.problem(item.value, f"{quote(key)} of {what}: {reason}")
                continue
            if value is not None and typed.setdefault(field.name, (key, value))[1] != value:
                other = typed[field.name][0]
                text = f"{quote(key)} of {what} gives field '{field.name}' another value than {quote(other)} does"
                shapes.problem(item.value, f"{text}; remove one of the two")
        return found

    def strange(self, node: yaml.Node, key: str, what: str, columns: list[str]) -> None:
        """Note a key of a lead that no field has, unless it may be a field that can't be read."""
        if self.known is None or (key not in self.known and self.misnamed):
            return
        if key not in self.known:
            text = f"the lead of {what} has the unknown field {quote(key)}.{did_you_mean(key, columns)}"
        elif self.known[key].kind is None:
            return
        else:
            text = f"the lead of {what} has '{key}', which is computed; give the fields that it asks"
        self.shapes.problem(node, text)


def _declared(node: yaml.Node) -> dict[str, None] | None:
    """The names in a section as they are written, right or wrong; None where they can't all be told."""
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


def _or(kinds: tuple[str, ...]) -> str:
    """`a number`, `a number, a text or an id`."""
    words = [f"an {kind}" if kind == "id" else f"a {kind}" for kind in kinds]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


NOTHING = Condition(
    "", parse_condition("nothing", {"nothing": KnownField("flag")}).tree
)  # stands in for one that can't be read
