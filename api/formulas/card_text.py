"""A formula as the text of a card: its origin in comments, and at its head what could not be translated."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leadledger.api.formulas.card_names import NamePool, make_card_name
from leadledger.api.formulas.column_kinds import list_clauses, settle_kinds
from leadledger.api.formulas.conditions import write_condition, write_junction, write_number
from leadledger.api.formulas.formula import Clause, EventPoints, Formula, FormulaRule, Untranslated
from leadledger.scoring.card.card_scalars import quote_scalar
from leadledger.scoring.card.condition_tokens import LONGEST_CONDITION
from leadledger.scoring.errors import DataError

MOST_REASONS = 20  # in the error on a file of which nothing is left
MOST_POINTS = 100  # of a rule in a card
RECORD_IDS = {"hubspot": "hs_object_id"}  # the property by which a system knows its records
LONGEST_COMMENT = 300  # characters of a text from outside in a comment or a reason
_LINE_SIGNS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]+")

SCALE = (
    "Points are as written there. Here a lead starts at 50, the score is cut to 0 to 100, and 10 points double the "
    "odds. The order of the leads by points is the same; a probability needs a history: training finds how much the "
    "rules count (trust)."
)


@dataclass(frozen=True)
class ImportedCard:
    """A card made of a formula: its text, the rules by their names in the card, and what it doesn't hold."""

    text: str
    rules: Mapping[str, FormulaRule]
    untranslated: tuple[Untranslated, ...]


def write_card(formula: Formula) -> ImportedCard:
    """The card of a formula. Raises DataError where no rule of it can be written."""
    return _CardWriter(formula).write()


class _CardWriter:
    def __init__(self, formula: Formula) -> None:
        self.untranslated: list[Untranslated] = []
        self.formula, self.kinds = settle_kinds(formula)
        fields, kinds_of_events, groups = NamePool("field"), NamePool("event"), NamePool("group")
        self.names = {column: fields.make_name(column) for column in self.kinds}
        self.record_id = fields.make_name("record id")
        self.flags: dict[tuple[Clause, ...], str] = {}
        self.counts: dict[tuple[str, int | None], str] = {}
        self.events: dict[str, str] = {}
        for rule in self.formula.rules:
            for clauses in rule.unless:
                if clauses not in self.flags:
                    self.flags[clauses] = fields.make_name(f"earlier {clauses[0].column}")
            if rule.events is not None:
                kind = rule.events.kind
                if kind not in self.events:
                    self.events[kind] = kinds_of_events.make_name(kind)
                window = (kind, rule.events.days)
                if rule.events.least is not None and window not in self.counts:
                    days = f" {rule.events.days} days" if rule.events.days else ""
                    self.counts[window] = fields.make_name(f"{self.events[kind]}{days} count")
        limited = {key: group for key, group in formula.groups.items() if (group.most, group.least) != (None, None)}
        self.groups = {key: groups.make_name(group.title) for key, group in limited.items()}

    def write(self) -> ImportedCard:
        """The card."""
        pool = NamePool("rule")
        rules: dict[str, FormulaRule] = {}
        lines: list[str] = []
        for rule in self.formula.rules:
            problem = self._find_problem(rule)
            if problem:
                self.untranslated.append(Untranslated(rule.origin, problem))
                continue
            name = pool.make_name(rule.reason)
            rules[name] = rule
            lines += self._write_rule(name, rule)
        untranslated = (*self.formula.untranslated, *self.untranslated)
        if not rules:
            reasons = "".join(f"\n  {part.path}: {shorten(part.reason)}" for part in untranslated[:MOST_REASONS])
            raise DataError(f"{self.formula.source}: nothing in it can be translated to a rule{reasons}")
        used = {rule.group for rule in rules.values() if rule.group in self.groups}
        parts = [
            *self._write_head(untranslated),
            f"name: {make_card_name(self.formula.title)}",
            f"title: {quote_scalar(shorten(self.formula.title))}",
            *self._write_events(rules),
            *self._write_fields(rules),
            *self._write_groups(used),
            *(["rules:", *lines] if lines else []),
        ]
        return ImportedCard("\n".join(parts) + "\n", rules, untranslated)

    def _find_problem(self, rule: FormulaRule) -> str:
        if abs(rule.points) > MOST_POINTS:
            return f"{write_number(rule.points)} points; a rule has at most {MOST_POINTS}"
        if rule.points == 0:
            return "0 points change nothing"
        if round(rule.points, 1) != rule.points:
            return f"{write_number(rule.points)} points; a rule has at most one decimal"
        texts = [clause.column for clause in list_clauses(rule)]
        texts += [value for clause in list_clauses(rule) for value in clause.values if isinstance(value, str)]
        texts += [rule.events.kind] if rule.events is not None else []
        if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for text in texts for sign in text):
            return "a name or value in it holds a sign that can't be seen; remove it"
        if rule.events is None and len(self._write_when(rule)) > LONGEST_CONDITION:
            return f"its condition would have more than {LONGEST_CONDITION:,} characters"
        return ""

    def _write_head(self, untranslated: tuple[Untranslated, ...]) -> Iterator[str]:
        yield from _write_comment(f"Imported from {self.formula.source}.")
        yield from _write_comment(SCALE)
        if untranslated:
            yield "#"
            yield "# Not translated, or not in the same way:"
            for part in untranslated:
                yield from _write_comment(f"- {part.path}: {part.reason}")

    def _write_events(self, rules: Mapping[str, FormulaRule]) -> Iterator[str]:
        used = {rule.events.kind for rule in rules.values() if rule.events is not None}
        if used:
            yield "events:"
        for kind, name in self.events.items():
            if kind not in used:
                continue
            yield f"  {name}: {{from: {quote_scalar(kind)}}}"

    def _write_fields(self, rules: Mapping[str, FormulaRule]) -> Iterator[str]:
        used = {clause.column for rule in rules.values() for clause in list_clauses(rule)}
        yield "fields:"
        record_id = RECORD_IDS.get(self.formula.system)
        if record_id is not None and record_id not in used:
            yield f"  {self.record_id}: {{kind: id, from: {self._write_from(record_id)}}}"
        for column, name in self.names.items():
            if column not in used:
                continue  # of a rule that the card can't hold
            yield f"  {name}: {{kind: {self.kinds[column]}, from: {self._write_from(column)}}}"
        counted_by = {(rule.events.kind, rule.events.days) for rule in rules.values() if rule.events is not None}
        for (kind, days), name in self.counts.items():
            if (kind, days) not in counted_by:
                continue
            counted = self.events[kind] + (f", {days} days" if days else "")
            yield f'  {name}: {{kind: number, is: "count({counted})"}}'
        earlier = {clauses for rule in rules.values() for clauses in rule.unless}
        for clauses, name in self.flags.items():
            if clauses not in earlier:
                continue
            yield f"  {name}: {{kind: flag, learn: no, is: {quote_scalar(self._write_clauses(clauses))}}}"

    def _write_groups(self, used: set[str]) -> Iterator[str]:
        if used:
            yield "groups:"
        for key, group in self.formula.groups.items():
            if key in used:
                limits = {"max": group.most, "min": group.least}
                written = [f"{limit}: {write_number(points)}" for limit, points in limits.items() if points is not None]
                yield from _write_comment(key if key == group.title else f"{key}: {group.title}", 2)
                yield f"  {self.groups[key]}: {{{', '.join(written)}}}"

    def _write_rule(self, name: str, rule: FormulaRule) -> Iterator[str]:
        title = self.formula.groups[rule.group].title if rule.group is not None else ""
        yield from _write_comment(f"{rule.origin}, group {title}" if title else rule.origin, 2)
        each = rule.events is not None and rule.events.least is None
        earning = (
            self._write_each(rule.events) if rule.events is not None and each else quote_scalar(self._write_when(rule))
        )
        yield f"  - name: {name}"
        yield f"    {'each' if each else 'when'}: {earning}"
        yield f"    points: {write_number(rule.points)}"
        if rule.group in self.groups:
            yield f"    group: {self.groups[rule.group or '']}"
        yield f"    reason: {quote_scalar(shorten(rule.reason))}"

    def _write_each(self, events: EventPoints) -> str:
        within = f"\n    within: {events.days} days" if events.days else ""
        half_life = f"\n    half_life: {events.half_life} days" if events.half_life and not events.days else ""
        return f"{self.events[events.kind]}{within}{half_life}"

    def _write_when(self, rule: FormulaRule) -> str:
        if rule.events is not None:
            count = self.counts[rule.events.kind, rule.events.days]
            least, most = rule.events.least, rule.events.most
            return f"{count} >= {least}" if most is None else f"{count} between {least} and {most}"
        if rule.junction is not None:
            return write_junction(rule.junction, self.names, self.kinds)
        earlier = [f"{self.flags[clauses]} is not true" for clauses in rule.unless]
        return " and ".join([*([self._write_clauses(rule.clauses)] if rule.clauses else []), *earlier])

    def _write_clauses(self, clauses: tuple[Clause, ...]) -> str:
        return write_condition(clauses, self.names, self.kinds)

    def _write_from(self, name: str) -> str:
        return f"{{{self.formula.system}: {quote_scalar(name)}}}" if self.formula.system else quote_scalar(name)


def shorten(text: str) -> str:
    """A text from outside on one line, without controls, at most `LONGEST_COMMENT` characters."""
    line = _LINE_SIGNS.sub(" ", text.encode("utf-8", "replace").decode()).strip()
    return line if len(line) <= LONGEST_COMMENT else f"{line[: LONGEST_COMMENT - 1]}…"


def _write_comment(text: str, indent: int = 0) -> Iterator[str]:
    """Comment lines; nothing in the text can end the comment."""
    start = " " * indent + "# "
    line = _LINE_SIGNS.sub(" ", shorten(text) if indent else text)
    yield from (start + part for part in textwrap.wrap(line, 116, break_long_words=False, break_on_hyphens=False))
