"""GET /v1/scorecard: the card and what was learned for it, for people and programs to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from leadledger.api.http.access import needs
from leadledger.api.http.described import answers
from leadledger.api.service.service import Service
from leadledger.scoring.lookup import Bins, Combination, Leaf, Pair, Split, Table, words
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Priced, Scorecard


def add(app: FastAPI, service: Service) -> None:
    """Add the route that shows the scorecard."""

    @app.get(
        "/v1/scorecard",
        summary="Read the scorecard",
        operation_id="get_scorecard",
        **answers("scorecard", "Scorecard", said="The scorecard that is served."),
    )
    @needs("read")
    async def scorecard(request: Request) -> Response:
        """Every field, rule, table and line that a score rests on."""
        return Response(to_json(describe(service.served.card)), media_type="application/json")


def describe(card: Scorecard) -> dict[str, Any]:
    """A scorecard as JSON. Points are numbers with one decimal; `effective` points are the declared times trust."""
    one, learned = card.card, card.learned
    return {
        "name": one.name,
        "title": one.title,
        "release": card.release,
        "base_rate": learned.base_rate,
        "trust": learned.trust,
        "start": learned.start / 10,
        "fields": [
            {
                "name": field.name,
                "title": field.title,
                "kind": field.kind,
                "unit": field.unit,
                "values": list(field.values),
                "better": field.better,
                "question": one.questions.get(field.name, ""),
                "columns": list(field.columns) if field.derived is None else [],
                "is": field.derived_text,
            }
            for field in one.fields.values()
        ],
        "criteria": [
            {"name": each.name, "title": each.title, "met": each.met.text, "essential": each.essential}
            for each in one.criteria
        ],
        "groups": [_group(declared, effective) for declared, effective in zip(one.groups, card.groups, strict=True)],
        "rules": [_rule(rule) for rule in card.rules],
        "exclude": [{"name": each.name, "when": each.when.text, "reason": each.reason} for each in one.exclude],
        "stages": _stages(card),
        "grades": [{"grade": grade, "from": cut / 10} for grade, cut in one.grades]
        + [{"grade": one.below, "from": None}],
        "tables": [_table(term) for term in learned.terms if not isinstance(term, Combination)],
        "combinations": [_combination(term) for term in learned.terms if isinstance(term, Combination)],
    }


def _rule(priced: Priced) -> dict[str, Any]:
    rule = priced.rule
    return {
        "name": rule.name,
        "when": rule.when.text,
        "points": {"declared": rule.points / 10, "effective": priced.points / 10},
        "half_life": {"days": rule.half_life.days, "of": rule.half_life.of} if rule.half_life else None,
        "group": rule.group,
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
    }


def _stages(card: Scorecard) -> list[dict[str, Any]]:
    gates = {gate.to: gate for gate in card.gates.values() if gate is not None}
    found = []
    for stage in card.card.stages:
        gate = gates.get(stage.name)
        line = gate.line if gate else None
        found.append(
            {
                "name": stage.name,
                "requires": list(stage.requires),
                "line": None if line is None or line.points is None else line.points / 10,
                "promise": line.promise if line else "",
                "closed": line.closed if line else "",
            }
        )
    return found


def _table(term: Table | Pair) -> dict[str, Any]:
    if isinstance(term, Table):
        labels = [[label] for label in term.bins.labels]
        points, counts, errors = term.points, term.counts, term.errors
    else:
        labels = [[row, column] for row in term.bins[0].labels for column in term.bins[1].labels]
        points, counts, errors = (
            tuple(cell for line in lines for cell in line) for lines in (term.points, term.counts, term.errors)
        )
    margins: Sequence[float | None] = [one / 10 for one in errors] or [None] * len(points)
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
        "nodes": [node for tree, top in enumerate(term.trees) for node in _nodes(tree, top, bins)],
    }


def _nodes(tree: int, top: Split | Leaf, bins: Mapping[str, Bins]) -> list[dict[str, Any]]:
    """A tree as a flat list, the top first: what is nested without end has no type in most clients.

    Every node has every key. An end asks no field and has points; a choice has none.
    """
    found: list[dict[str, Any]] = []

    def add(node: Split | Leaf) -> int:
        said: dict[str, Any] = {"tree": tree, "node": len(found), "field": "", "bins": [], "then": None, "else": None}
        said |= {"points": None, "leads": None}
        found.append(said)
        if isinstance(node, Leaf):
            said |= {"points": node.points / 10, "leads": node.count}
        else:
            said |= {"field": node.field, "bins": list(words(bins[node.field], node.bins))}
            said |= {"then": add(node.then), "else": add(node.otherwise)}
        return int(said["node"])

    add(top)
    return found
