"""The form of a rule: from the card to its inputs, and from its inputs to the edits of the card."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from leadledger.api.pages.studio.condition_form import (
    FormGroup,
    FormOption,
    FormRow,
    GroupView,
    change_rows,
    fill_in,
    read_condition,
    view_condition,
    write_rows,
)
from leadledger.api.pages.studio.rule_list import find_rules
from leadledger.api.requests.form import Form
from leadledger.scoring.card_edits.card_section import read_entry
from leadledger.scoring.card_edits.edits import Edit, PutEntry
from leadledger.scoring.card_edits.values import Value
from leadledger.scoring.conditions.row_text import write_condition
from leadledger.scoring.conditions.rows import to_rows
from leadledger.scoring.errors import CardEditError, quote
from leadledger.scoring.points_as_odds import describe_points
from leadledger.scoring.rule import EachRule, Rule
from leadledger.scoring.scorecard import Card, Scorecard

KEYS_SHOWN = ("when", "each", "points", "reason", "group", "half_life", "within", "per_day", "why")
LARGEST_SLIDER = 30  # points: the slider's ends; the number beside it takes more

ONE_ROW = FormGroup("all", (FormRow(),))

_POINTS = re.compile(r"[+-]?[0-9]{1,5}(?:\.[0-9])?")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class RuleInputs:
    """The inputs of a form. `name` is that of a rule that the card has; empty: a new one, `after` another.

    `shape` says how it is written: by `rows`, as `text`, or `each` (points for each event).
    """

    name: str = ""
    after: str = ""
    shape: str = "rows"
    rows: FormGroup = ONE_ROW
    condition: str = ""
    each: str = ""
    points: str = "5"
    reason: str = ""
    group: str = ""
    half_life: str = ""
    within: str = ""
    per_day: str = ""
    why: str = ""
    kept: dict[str, Value] = field(default_factory=dict)  # keys of the rule that the form doesn't show


def fill_in_rule(card: Card, text: str, name: str) -> RuleInputs:
    """The inputs for a rule that a card has. Raises CardEditError where it has none of this name."""
    keys = read_entry(text, "rules", name)
    rule = find_rules(card)[name]
    written = {key: str(value) for key, value in keys.items() if key in KEYS_SHOWN and isinstance(value, str)}
    rows = to_rows(rule.when.tree) if isinstance(rule, Rule) else None
    return RuleInputs(
        name=name,
        shape="each" if isinstance(rule, EachRule) else "text" if rows is None else "rows",
        rows=ONE_ROW if rows is None else fill_in(rows),
        condition=rule.when.text if isinstance(rule, Rule) else "",
        each=rule.each if isinstance(rule, EachRule) else "",
        points=f"{rule.points / 10:g}",
        reason=rule.reason,
        group=rule.group,
        half_life=written.get("half_life", ""),
        within=written.get("within", ""),
        per_day=written.get("per_day", ""),
        why=rule.why,
        kept={key: value for key, value in keys.items() if key not in KEYS_SHOWN},
    )


def read_rule_form(form: Form) -> RuleInputs:
    """The inputs that a visitor sent."""
    shape = form.get("shape", "rows")
    return RuleInputs(
        name=form.get("name"),
        after=form.get("after"),
        shape=shape if shape in ("rows", "text", "each") else "rows",
        rows=read_condition(form),
        condition=form.get("condition"),
        each=form.get("each"),
        points=form.get("points").strip(),
        reason=form.get("reason").strip(),
        group=form.get("group"),
        half_life=form.get("half_life").strip(),
        within=form.get("within").strip(),
        per_day=form.get("per_day").strip(),
        why=form.get("why").strip(),
    )


def press(inputs: RuleInputs, card: Card, button: str) -> RuleInputs:
    """The inputs after a button that keeps nothing: a row more or fewer, or another way to write the condition."""
    if button == "as-text":
        try:
            rows, _ = write_rows(card, inputs.rows)
            return replace(inputs, shape="text", condition=write_condition(rows, card.fields))
        except CardEditError:
            return replace(inputs, shape="text")
    if button in ("as-rows", "as-each"):
        return replace(inputs, shape=button.removeprefix("as-"))
    return replace(inputs, rows=change_rows(inputs.rows, button))


def write_rule(card: Card, inputs: RuleInputs, kept: dict[str, Value]) -> list[Edit]:
    """The edits that put a rule into a card: fields that it needs, then the rule. Raises CardEditError."""
    edits: list[Edit] = []
    keys: dict[str, Value] = {}
    if inputs.shape == "each":
        if not inputs.each:
            raise CardEditError("choose the events that earn the points")
        keys["each"] = inputs.each
    elif inputs.shape == "text":
        if not inputs.condition.strip():
            raise CardEditError("the condition is empty; write one")
        keys["when"] = " ".join(inputs.condition.split())
    else:
        rows, edits = write_rows(card, inputs.rows)
        counted = {edit.name for edit in edits if isinstance(edit, PutEntry)}
        keys["when"] = write_condition(rows, _with_counted(card, counted, edits))
    keys["points"] = _read_points(inputs.points)
    for key in ("half_life", "within", "per_day", "group"):
        if getattr(inputs, key):
            keys[key] = getattr(inputs, key)
    if not inputs.reason:
        raise CardEditError("the reason is empty; say what sales reads beside the points")
    keys["reason"] = inputs.reason
    if inputs.why:
        keys["why"] = inputs.why
    name = inputs.name or choose_name(card, inputs.reason)
    after = None if inputs.name else inputs.after or None
    return [*edits, PutEntry("rules", name, {**keys, **kept}, after=after)]


def _with_counted(card: Card, names: set[str], edits: list[Edit]) -> dict[str, Any]:
    """The fields of a card with those that edits add: their kind is all that a condition needs."""
    if not names:
        return dict(card.fields)
    sample = next(iter(card.event_fields), None) or next(iter(card.fields.values()))
    return {**card.fields, **{name: replace(sample, name=name, kind="number", values=()) for name in names}}


def _read_points(text: str) -> float | int:
    number = text.strip().replace("−", "-").replace(",", ".")
    if not _POINTS.fullmatch(number):
        raise CardEditError(f"the points are {quote(text)}; write a number such as 15 or -2.5")
    points = float(number)
    return int(points) if points == int(points) else points


def choose_name(card: Card, reason: str) -> str:
    """A name for a new rule, after its reason: `reads_prices`."""
    taken = {*find_rules(card), *(exclusion.name for exclusion in card.exclude)}
    taken |= {criterion.name for criterion in card.criteria}
    words = _WORD.findall(reason.lower())[:6]
    start = "_".join(words)[:50] or "rule"
    name = start if start[0].isalpha() else f"rule_{start}"
    return next(free for free in (name, *(f"{name}_{number}" for number in range(2, 10_000))) if free not in taken)


@dataclass(frozen=True)
class RuleFormView:
    """What the page of a rule shows beside its inputs."""

    condition: GroupView
    events: tuple[FormOption, ...]
    groups: tuple[FormOption, ...]
    slider: str
    odds: str


def view_rule_form(card: Card, inputs: RuleInputs, served: Scorecard) -> RuleFormView:
    """The choices of the form, and what its points mean for the release that is served."""
    try:
        points = round(10 * float(_read_points(inputs.points)))
    except CardEditError:
        points = 0
    return RuleFormView(
        condition=view_condition(card, inputs.rows),
        events=tuple(FormOption(kind, kind.replace("_", " "), kind == inputs.each) for kind in card.events),
        groups=(
            FormOption("", "none: it counts by itself", not inputs.group),
            *(FormOption(group.name, group.name, group.name == inputs.group) for group in card.groups),
        ),
        slider=f"{max(-LARGEST_SLIDER, min(LARGEST_SLIDER, points / 10)):g}",
        odds=word_odds_of(points, served),
    )


def word_odds_of(points: int, served: Scorecard) -> str:
    """What points (tenths) mean: with the base rate, and the trust in rules, of the release that is served."""
    return describe_points(points, served.learned.base_rate or served.card.base_rate, served.learned.trust).sentence
