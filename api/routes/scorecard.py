"""GET /v1/scorecard: the card and what was learned for it, for people and programs to read."""

from __future__ import annotations

from functools import cache
from typing import Any, assert_never

from fastapi import FastAPI, Request, Response
from pydantic_core import to_json

from scoring.lookup import Pair, Table, Term
from scoring.rule import Group
from scoring.scorecard import Priced, Scorecard


def add(app: FastAPI, card: Scorecard) -> None:
    """Add the route that shows one scorecard."""
    written = cache(lambda: to_json(describe(card)))
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Scorecard"}}}

    @app.get(
        "/v1/scorecard",
        summary="Read the scorecard",
        tags=["scorecard"],
        responses={200: {"description": "The scorecard that is served.", "content": content}},
    )
    async def scorecard(request: Request) -> Response:
        """Every field, rule, table and line that a score rests on."""
        return Response(written(), media_type="application/json")


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
        "tables": [_table(term) for term in learned.terms],
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


def _table(term: Term) -> dict[str, Any]:
    if isinstance(term, Table):
        bins = [
            {"labels": [label], "points": points / 10, "leads": leads}
            for label, points, leads in zip(term.bins.labels, term.points, term.counts, strict=True)
        ]
    elif isinstance(term, Pair):
        bins = [
            {"labels": [row, column], "points": term.points[i][j] / 10, "leads": term.counts[i][j]}
            for i, row in enumerate(term.bins[0].labels)
            for j, column in enumerate(term.bins[1].labels)
        ]
    else:
        assert_never(term)
    return {"name": term.name, "fields": list(term.fields), "bins": bins}
