"""What changed between two releases, in points.

Everything is compared as it counts for a lead: rules with trust applied, learned terms over the bins of both releases.
What has no points (a condition, a criterion, the kind of a field) is compared as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from leadledger.models.releases.changes import (
    CutoffChange,
    Diff,
    PointsChange,
    RuleChange,
    TermChange,
    TextChange,
    ThresholdChange,
)
from leadledger.models.releases.term_changes import compare_terms
from leadledger.scoring.errors import quote
from leadledger.scoring.field import Field
from leadledger.scoring.gate import Threshold
from leadledger.scoring.printers.axis_words import describe_axis
from leadledger.scoring.printers.event_words import describe_each, describe_kind
from leadledger.scoring.result import format_unsigned
from leadledger.scoring.rule import Group, Rule
from leadledger.scoring.scorecard import PLACES_SHOWN, Learned, Scorecard


def compare(old: Scorecard, new: Scorecard) -> Diff:
    """What changed from one scorecard to another."""
    return Diff(
        old.release,
        new.release,
        PointsChange("start", old.learned.start, new.learned.start),
        (old.learned.trust, new.learned.trust),
        (old.learned.base_rate, new.learned.base_rate),
        tuple(sorted(_compare_rules(old, new), key=lambda rule: -abs(rule.effective.moved))),
        tuple(sorted((*compare_terms(old, new), *_compare_step_terms(old, new)), key=lambda term: -term.most)),
        tuple(_compare_thresholds(old, new)),
        tuple(_compare_cutoffs(dict(old.card.grades), dict(new.card.grades))),
        tuple(_compare_cutoffs(_places(old), _places(new))),
        tuple(_compare_texts(_card_parts(old), _card_parts(new))),
    )


def _compare_step_terms(old: Scorecard, new: Scorecard) -> Iterator[TermChange]:
    """The terms of the steps up to a sale that changed, or that one side lacks, each with the step before its name."""
    for stage in {**old.steps, **new.steps}:
        was, now = (card.steps.get(stage) or Scorecard(card.card, Learned()) for card in (old, new))
        for change in compare_terms(was, now):
            yield replace(change, name=f"step to {stage}: {change.name}")


def _places(scorecard: Scorecard) -> dict[str, int]:
    """The points (tenths) from which a lead is better than some shares of others; empty where that is not known."""
    steps = scorecard.learned.percentiles
    return {f"{place}%": steps[place - 1] for place in PLACES_SHOWN} if steps else {}


def _compare_cutoffs(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[CutoffChange]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield CutoffChange(name, old.get(name), new.get(name))


def _compare_texts(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[TextChange]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield TextChange(name, old.get(name), new.get(name))


def _compare_rules(old: Scorecard, new: Scorecard) -> Iterator[RuleChange]:
    was, now = ({priced.rule.name: priced for priced in card.rules} for card in (old, new))
    for name in was | now:
        before, after = was.get(name), now.get(name)
        declared = PointsChange(name, before.rule.points if before else None, after.rule.points if after else None)
        effective = PointsChange(name, before.points if before else None, after.points if after else None)
        edits = tuple(_compare_texts(_rule_parts(before.rule), _rule_parts(after.rule))) if before and after else ()
        if declared.old != declared.new or effective.old != effective.new or edits:
            yield RuleChange(name, declared, effective, edits)


def _rule_parts(rule: Rule) -> dict[str, str]:
    half_life = f"{rule.half_life.days} days of {rule.half_life.of}" if rule.half_life else "none"
    parts = {"when": rule.when.text, "half_life": half_life, "group": rule.group or "none", "reason": rule.reason}
    return {**parts, "axis": rule.axis} if rule.axis else parts


def _compare_thresholds(old: Scorecard, new: Scorecard) -> Iterator[ThresholdChange]:
    was, now = ({gate.to: gate.threshold for gate in card.gates.values() if gate is not None} for card in (old, new))
    for name in was | now:
        before, after = was.get(name), now.get(name)
        if before != after:
            cutoff = CutoffChange(name, before.points if before else None, after.points if after else None)
            edits = _compare_texts(_threshold_parts(before), _threshold_parts(after))
            yield ThresholdChange(name, cutoff, tuple(edits))


def _threshold_parts(threshold: Threshold | None) -> dict[str, str]:
    texts = {"closed": threshold.closed, "promise": threshold.promise} if threshold else {}
    return {key: text for key, text in texts.items() if text}


def _card_parts(scorecard: Scorecard) -> dict[str, str]:
    """What else in a card decides, by name, as texts."""
    card = scorecard.card
    parts = {"name of the card": card.name, "texts for missing": ", ".join(map(quote, card.missing)) or "none"}
    parts |= {f"field {field.name}": _field_text(field) for field in card.fields.values() if not field.choice_of}
    for criterion in card.criteria:
        parts[f"criterion {criterion.name}"] = criterion.met.text + ("" if criterion.essential else ", a sign only")
    parts |= {f"group {group.name}": _group_text(group) for group in scorecard.groups}
    parts |= {f"event {kind.name}": describe_kind(kind) for kind in card.events.values()}
    for priced in scorecard.each_rules:
        earns = f"{format_unsigned(priced.rule.points)} points, {format_unsigned(priced.points)} by trust"
        parts[f"rule {priced.rule.name}"] = (
            f"{describe_each(priced.rule)}: {earns}, group {priced.rule.group or 'none'}"
            + (f", {priced.rule.axis}" if priced.rule.axis else "")
        )
    parts |= {f"exclusion {exclusion.name}": exclusion.when.text for exclusion in card.exclude}
    for of in card.stages:
        required = (*of.requires, *(demand.name for demand in of.demands))
        parts[f"stage {of.name}"] = f"requires {', '.join(required) or 'nothing'}"
        if of.exploration is not None:
            salt = f", salt {quote(of.exploration.salt)}" if of.exploration.salt else ""
            parts[f"exploration of stage {of.name}"] = f"{of.exploration}{salt}"
        parts |= {f"hold of stage {of.name}": str(of.hold)} if of.hold else {}
        parts |= {f"cool-down of stage {of.name}": str(of.cool_down)} if of.cool_down else {}
    parts |= {f"axis {name}": describe_axis(axis) for name, axis in card.axes.items()}
    parts |= {f"step to {step.stage}": f"by {step.became}, within {step.within} days" for step in card.steps}
    for stage, step in scorecard.learned.steps.items():
        rate = "not known" if step.base_rate is None else f"{step.base_rate:.2%}"
        learned = f"base rate {rate}, start {format_unsigned(step.start)}, trust {step.trust:.3f}"
        parts[f"step to {stage}, as learned"] = learned
    if card.steps:
        parts["amount of a sale"] = card.amount or "none"
    for system, names in card.write_back.items():
        parts[f"written back to {system}"] = ", ".join(f"{output} as {name}" for output, name in names.items())
    parts["standard names of CRMs"] = "read" if card.standard_names else "not read"
    parts["order of the stages"] = ", ".join(stage.name for stage in card.stages)
    parts["lowest grade"] = card.below
    return parts


def _field_text(field: Field) -> str:
    if field.derived_text:
        return f"{field.kind}, is {field.derived_text}" + (f"; {field.axis}" if field.axis else "")
    parts = {
        "one of": ", ".join(map(quote, field.values)),
        "others": field.other,
        "separated by": field.separator if field.separator != ";" else "",
        "from": ", ".join(map(quote, field.written_columns[1:])),
        "missing if": ", ".join(map(quote, field.missing)),
        "of": field.axis,
    }
    return "; ".join([field.kind, *(f"{key} {text}" for key, text in parts.items() if text)])


def _group_text(group: Group) -> str:
    parts = ["only the best rule counts"] if group.best_of else []
    parts += [] if group.maximum is None else [f"at most {format_unsigned(group.maximum)}"]
    parts += [] if group.minimum is None else [f"at least {format_unsigned(group.minimum)}"]
    return (", ".join(parts) or "no limit") + (f", of {group.axis}" if group.axis else "")
