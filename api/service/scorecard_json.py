"""A scorecard as JSON: the card and what was learned for it, as GET /v1/scorecard answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadledger.scoring.axis_parts import find_axis_parts
from leadledger.scoring.bins import Bins, describe_bins
from leadledger.scoring.each_points import PricedEachRule
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.gate import Stage
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.priced_rule import PricedRule
from leadledger.scoring.printers.event_words import describe_each, describe_kind
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Card, Learned, Scorecard


def describe_scorecard(scorecard: Scorecard) -> dict[str, Any]:
    """A scorecard as JSON. Points are numbers with one decimal; `effective` points are the declared times trust."""
    card, learned = scorecard.card, scorecard.learned
    return {
        "name": card.name,
        "title": card.title,
        "release": scorecard.release,
        "base_rate": learned.base_rate,
        "trust": learned.trust,
        "start": learned.start / 10,
        "fields": _fields(card),
        "events": [_event_kind(kind) for kind in card.events.values()],
        "criteria": [
            {
                "name": criterion.name,
                "title": criterion.title,
                "met": criterion.met.text,
                "essential": criterion.essential,
            }
            for criterion in card.criteria
        ],
        "groups": [
            _group(declared, effective) for declared, effective in zip(card.groups, scorecard.groups, strict=True)
        ],
        "rules": [
            *(_rule(rule) for rule in scorecard.rules),
            *(_each_rule(rule) for rule in scorecard.each_rules),
        ],
        "exclude": [
            {"name": exclusion.name, "when": exclusion.when.text, "reason": exclusion.reason}
            for exclusion in card.exclude
        ],
        "stages": _stages(scorecard),
        "grades": [{"grade": grade, "from": cut / 10} for grade, cut in card.grades]
        + [{"grade": card.below, "from": None}],
        "axes": [
            {
                "axis": name,
                "grades": [{"grade": grade, "from": cut / 10} for grade, cut in part.axis.grades]
                + [{"grade": part.axis.below, "from": None}],
                "unknown": part.axis.unknown,
                "worth": part.worth / 10,
            }
            for name, part in find_axis_parts(scorecard).items()
        ],
        "percentiles": [step / 10 for step in learned.percentiles],
        **_terms(learned),
        "amount": card.amount,
        "steps": [
            {
                "step": transition.stage,
                "within": transition.within,
                "base_rate": step.base_rate,
                "trust": step.trust,
                "start": step.start / 10,
                **_terms(step),
            }
            for transition in card.steps
            if (step := learned.steps.get(transition.stage)) is not None
        ],
    }


def _terms(learned: Learned) -> dict[str, Any]:
    return {
        "tables": [_table(term) for term in learned.terms if not isinstance(term, Combination)],
        "combinations": [_combination(term) for term in learned.terms if isinstance(term, Combination)],
    }


def _fields(card: Card) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name,
            "title": field.title,
            "kind": field.kind,
            "unit": field.unit,
            "values": list(field.values),
            "better": field.better,
            "question": card.questions.get(field.name, ""),
            "columns": list(field.columns) if field.is_plain else [],
            "is": field.derived_text,
            "axis": field.axis,
        }
        for field in card.fields.values()
    ]


def _event_kind(kind: EventKind) -> dict[str, Any]:
    is_subset = kind.root != kind.name
    names = dict.fromkeys((kind.name, *(name for _, name in (*kind.names, *kind.standard))))
    return {
        "name": kind.name,
        "of": kind.root if is_subset else "",
        "names": [] if is_subset else list(names),
        "properties": [{"name": field.name, "kind": field.kind} for field in kind.properties.values()],
        "is": describe_kind(kind),
    }


def _rule(priced: PricedRule) -> dict[str, Any]:
    rule = priced.rule
    return {
        "name": rule.name,
        "when": rule.when.text,
        "points": {"declared": rule.points / 10, "effective": priced.points / 10},
        "half_life": {"days": rule.half_life.days, "of": rule.half_life.of} if rule.half_life else None,
        "group": rule.group,
        "axis": rule.axis,
        "reason": rule.reason,
        "why": rule.why,
        "since": rule.since.isoformat() if rule.since else None,
    }


def _each_rule(priced: PricedEachRule) -> dict[str, Any]:
    """A rule for each event, in the shape of the others: `when` says in words for which."""
    rule = priced.rule
    return {
        "name": rule.name,
        "when": describe_each(rule),
        "points": {"declared": rule.points / 10, "effective": priced.points / 10},
        "half_life": None,
        "group": rule.group,
        "axis": rule.axis,
        "reason": rule.reason,
        "why": rule.why,
        "since": rule.since.isoformat() if rule.since else None,
    }


def _group(declared: Group, effective: Group) -> dict[str, Any]:
    def limit(end: str) -> dict[str, float] | None:
        tenths = getattr(declared, end)
        return None if tenths is None else {"declared": tenths / 10, "effective": getattr(effective, end) / 10}

    return {
        "name": declared.name,
        "max": limit("maximum"),
        "min": limit("minimum"),
        "best_of": declared.best_of,
        "axis": declared.axis,
    }


def _stages(scorecard: Scorecard) -> list[dict[str, Any]]:
    gates = {gate.to: gate for gate in scorecard.gates.values() if gate is not None}
    stages = []
    for stage in scorecard.card.stages:
        gate = gates.get(stage.name)
        line = gate.threshold if gate else None
        stages.append(
            {
                "name": stage.name,
                "requires": list(stage.requires),
                "axis_grades": [{"axis": demand.axis, "grade": demand.grade} for demand in stage.demands],
                "line": None if line is None or line.points is None else line.points / 10,
                "promise": line.promise if line else "",
                "closed": line.closed if line else "",
                **({} if stage.exploration is None else {"explore": stage.exploration.share}),
                **_describe_memory(stage),
            }
        )
    return stages


def _describe_memory(stage: Stage) -> dict[str, Any]:
    """How the advice of a stage depends on the last one; empty where it doesn't."""
    hold, cool_down = stage.hold, stage.cool_down
    return {
        **({} if hold is None else {"hold_band": hold.band / 10, "hold_days": hold.days}),
        **({} if cool_down is None else {"cool_down_days": cool_down.days, "cool_down_unless": cool_down.unless}),
    }


def _table(term: Table | Pair) -> dict[str, Any]:
    if isinstance(term, Table):
        labels = [[label] for label in term.bins.labels]
        points, counts, errors = term.points, term.counts, term.errors
    else:
        labels = [[row, column] for row in term.bins[0].labels for column in term.bins[1].labels]
        points, counts, errors = (
            tuple(cell for row in rows for cell in row) for rows in (term.points, term.counts, term.errors)
        )
    margins: Sequence[float | None] = [tenths / 10 for tenths in errors] or [None] * len(points)
    bins = [
        {"labels": label, "points": tenths / 10, "plus_minus": margin, "leads": leads}
        for label, tenths, margin, leads in zip(labels, points, margins, counts, strict=True)
    ]
    return {"name": term.name, "fields": list(term.fields), "bins": bins}


def _combination(term: Combination) -> dict[str, Any]:
    bins = dict(zip(term.fields, term.bins, strict=True))
    return {
        "name": term.name,
        "fields": list(term.fields),
        "plus_minus": term.error / 10 if term.error else None,
        "nodes": [node for number, root in enumerate(term.trees) for node in _nodes(number, root, bins)],
    }


def _nodes(tree: int, root: Branch | Leaf, bins: Mapping[str, Bins]) -> list[dict[str, Any]]:
    """A tree as a flat list, the root first: most clients have no type for what is nested without end.

    Every node has every key. A leaf asks no field and has points; a split has none.
    """
    nodes: list[dict[str, Any]] = []

    def add(branch: Branch | Leaf) -> int:
        number = len(nodes)
        node: dict[str, Any] = {"tree": tree, "node": number, "field": "", "bins": [], "then": None, "else": None}
        node |= {"points": None, "leads": None}
        nodes.append(node)
        if isinstance(branch, Leaf):
            node |= {"points": branch.points / 10, "leads": branch.count}
        else:
            node |= {"field": branch.field, "bins": list(describe_bins(bins[branch.field], branch.bins))}
            node |= {"then": add(branch.then), "else": add(branch.otherwise)}
        return number

    add(root)
    return nodes
