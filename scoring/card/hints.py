"""Hints about a card that can be read: conditions that hardly mean what they say, a horizon that counts from nowhere.

A hint refuses nothing. `leadledger check` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadledger.scoring import tree
from leadledger.scoring.axis import AxisName
from leadledger.scoring.card.write_back import MEMORY_OUTPUTS
from leadledger.scoring.errors import quote
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import fold

LONGEST_SHORT_TEXT = 4  # letters: so short a text is found inside of many words
NO_STAGE = (
    "`steps`: no field says where a lead stands, so each counts as a {}, with all steps before it; declare"
    " `stage: {{kind: text, learn: no}}` under `fields:`"
)
NOTHING_EARNED = (
    "`axes`: no rule earns points for {}, so its grade is ? for every lead until training has learned some from fields"
    " of it; say `axis: {}` of rules or fields that belong there"
)
FORGOTTEN = (
    "`write_back`: a stage goes by the last recommendation, and {} can't send it back whole; name properties for {}"
)
UNASKABLE = (
    "criterion '{}': a stage requires it, and it reads what is remembered ({}); where that isn't known, a lead is to be"
    " asked, and there is no question"
)
_LIKE = re.compile(r"\b(?:i?like)\b", re.IGNORECASE)


def find_hints(card: Card) -> tuple[str, ...]:
    """Sentences on a card as a whole, and on each doubtful condition.

    First those on an outcome that training refuses, on steps that start nowhere else, on axes without rules, on CRMs
    that can't send a recommendation back, and on criteria that nobody can be asked for; then one for each condition, in
    the order of the card; then the conditions that read protected fields.
    """
    conditions = (
        f"{what}: {hint}" for what, text, node in _list_conditions(card) for hint in dict.fromkeys(_find(text, node))
    )
    horizon = explain_ignored_horizon(card.outcome) if card.outcome else ""
    return tuple(
        (
            *([f"`train` will refuse this card: {horizon}"] if horizon else []),
            *([NO_STAGE.format(card.stage_names[0])] if card.steps and "stage" not in card.fields else []),
            *(NOTHING_EARNED.format(axis, axis) for axis in card.axes if not _earns_points(card, axis)),
            *_list_forgotten(card),
            *_list_unaskable(card),
            *conditions,
            *_list_accepted(card),
        )
    )


def _list_forgotten(card: Card) -> Iterator[str]:
    """What the card doesn't write to a system that it names, of all that a stage would have to get back."""
    for system, properties in card.write_back.items() if card.memory_fields else ():
        missing = [output for output in MEMORY_OUTPUTS.values() if output not in properties]
        if missing:
            yield FORGOTTEN.format(system, ", ".join(missing))


def _list_unaskable(card: Card) -> Iterator[str]:
    """The required criteria that read what is remembered, which nobody is asked for."""
    required = {name for stage in card.stages for name in stage.requires}
    for criterion in card.criteria:
        fields = [name for name in card.find_plain_fields(criterion.met.fields) if name in card.memory_fields]
        if criterion.name in required and fields:
            yield UNASKABLE.format(criterion.name, ", ".join(fields))


def _earns_points(card: Card, axis: AxisName) -> bool:
    """Whether a rule earns points on an axis."""
    return axis in {*(rule.axis for rule in card.rules), *(rule.axis for rule in card.each_rules)}


def explain_ignored_horizon(outcome: Outcome) -> str:
    """Why the horizon of an outcome would be ignored in a list of leads, and the cure; empty where it is heeded.

    The reader takes such a card: in the log, the horizon counts from the day of each score, and its outcomes have days.
    """
    if not outcome.within:
        return ""
    start = f"`within: {outcome.within} days` of `outcome` would be ignored:"
    if not outcome.since:
        return (
            f"{start} nothing says from which day it counts. Name the lead's day, `since: FIELD` (a date field); or"
            " remove `within:`"
        )
    if outcome.kind != "flag" or outcome.day:
        return ""
    column = outcome.column
    return (
        f"{start} '{column}' says yes or no, and not when, so a lead that became one much later would count too. Name"
        f" the column with the day beside it, `became: {{field: {column}, kind: flag, day: COLUMN}}`, or alone,"
        " `became: {field: COLUMN, kind: date}`; where no column has the day, remove `within:`, and leave the leads out"
        " of the history that are too young to judge"
    )


def _list_accepted(card: Card) -> Iterator[str]:
    """The conditions that read protected fields, with the reason that the author gives."""
    accepted = [("criterion", item.name, item.uses_protected) for item in card.criteria]
    accepted += [("rule", item.name, item.uses_protected) for item in card.rules]
    accepted += [("exclusion", item.name, item.uses_protected) for item in card.exclude]
    for kind, name, reason in accepted:
        if reason:
            yield f"{kind} '{name}': reads a protected field, because {quote(reason)}"


def _list_conditions(card: Card) -> Iterator[tuple[str, str, tree.Node]]:
    """What each condition belongs to, its text and its tree."""
    for field in card.derived_fields:
        if field.derived is not None and not isinstance(field.derived, tree.Days):
            yield f"field '{field.name}'", field.derived_text, field.derived
    for kind in card.events.values():
        for condition in (kind.when, kind.machine):
            if condition is not None:
                yield f"event '{kind.name}'", condition.text, condition.tree
    for criterion in card.criteria:
        yield f"criterion '{criterion.name}'", criterion.met.text, criterion.met.tree
    for rule in card.rules:
        yield f"rule '{rule.name}'", rule.when.text, rule.when.tree
    for exclusion in card.exclude:
        yield f"exclusion '{exclusion.name}'", exclusion.when.text, exclusion.when.tree


def _find(text: str, node: tree.Node) -> Iterator[str]:
    for part in tree.walk_tree(node):
        match part:
            case tree.And(of=(tree.Compare() as low, tree.Compare() as high)) if _is_empty_range(low, high):
                bounds = f"{_write(low.right)} and {_write(high.right)}"
                yield f"nothing is between {bounds}, so this is never true; write the lesser value first"
            case tree.Search(way="contains", of=of, text=searched) if _is_short_word(searched):
                inside = f"contains finds {quote(searched)} inside of words too"
                yield f"{inside}; contains_word({of.name}, {_quote_text(searched)}) finds it as a word"
            case tree.Search(text=searched) if "_" in searched and _LIKE.search(text):
                yield f"the '_' in {quote(searched)} stands for itself, not for any sign as in SQL"
            case tree.In(of=tree.FieldRef(name=name), or_null=True):
                yield f"a NULL in a list equals nothing; to ask whether {name} is missing, write {name} is null"


def _is_empty_range(low: tree.Compare, high: tree.Compare) -> bool:
    """Whether two comparisons ask for a value from one to a lesser one."""
    if (low.op, high.op) != (">=", "<=") or low.left != high.left:
        return False
    if not isinstance(low.right, tree.Constant) or not isinstance(high.right, tree.Constant):
        return False
    return bool(low.right.value > high.right.value)  # type: ignore[operator]  # both have one kind, which has an order


def _is_short_word(text: str) -> bool:
    key = fold(text)
    return key.isalpha() and len(key) <= LONGEST_SHORT_TEXT


def _write(side: tree.Operand | tree.Constant) -> str:
    value = side.value if isinstance(side, tree.Constant) else side
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
