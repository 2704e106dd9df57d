"""Examples of every body and answer, for /openapi.json: of the card that is served, and such that they fit together.

The lead is the first case of the card; what the service would answer to it is worked out, not written down.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from leadledger.api.http.problem import body
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.loaded import LOST
from leadledger.api.service.scorecard_json import describe_scorecard
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.tree import Typed

LEAD = "L-1042"
SCORE = "01kb0000000000000000000000"
KEY = "3f9c01ab"
RELEASE = "2026-01-31-001"


def lead(engine: Engine) -> tuple[dict[str, Any], date]:
    """A lead that the card itself gives as a case, and its day; without cases, an empty lead.

    Its values are of the kinds of their fields, as clients send them that have one type for each.
    """
    for one in engine.card.card.cases:
        values = engine.clean(one.lead).values
        return {name: _written(value) for name, value in values.items() if value is not None}, one.as_of
    return {}, date(2026, 1, 1)


def _written(value: Typed) -> str | float | bool:
    """A typed value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    assert value is not None
    return value


def ids(engine: Engine) -> dict[str, str]:
    """An example of what stands in a path, by the word before it."""
    return {"scores": SCORE, "leads": LEAD, "releases": engine.card.release or RELEASE}


def examples(engine: Engine) -> dict[str, Any]:
    """An example for each schema, by its name."""
    sent, day = lead(engine)
    as_of = day.isoformat()
    at = f"{as_of}T09:00:00.000000Z"
    cleaned = engine.clean(sent)
    result = {"id": SCORE, **engine.result(cleaned.values, day, cleaned.ignored).to_dict()}
    names = ("card", "release", "as_of", "score", "points", "grade", "recommendation")
    head = {"id": SCORE, "at": at, "lead": LEAD, "key": KEY, **{name: result[name] for name in names}}
    became = {"lead": LEAD, "became": [LOST, *engine.card.gates][-1], "on": as_of}
    name, release = engine.card.card.name, engine.card.release
    mistakes = Mistakes()
    mistakes.add(("$", "lead", "employees"), "'many' is not a number; write it like 25000, 2.5 or 1e6", "many")
    start = result["ledger"][0]
    moved = {"kind": "start", "name": start["name"], "cause": "release"}
    later = (day + timedelta(days=90)).isoformat()
    return {
        "ScoreRequest": {"lead": sent, "as_of": as_of},
        "BatchRequest": {"leads": [sent], "as_of": as_of},
        "Result": result,
        "BatchResult": {"scored": 1, "refused": 0, "results": [{"status": 200, "result": result, "errors": []}]},
        "OutcomeRequest": became,
        "Outcome": {**became, "new": True},
        "LoggedScore": {**head, "input": [{"field": "lead_id", "value": LEAD}], "result": result},
        "Replayed": {
            **{"id": SCORE, "release": release, "identical": True},
            **{"points": result["points"], "replayed": result["points"], "result": result},
        },
        "LeadScores": {
            "lead": LEAD,
            "scores": [
                {
                    **head,
                    "moved": [{**moved, "before": start["points"] - 1, "after": start["points"], "moved": 1.0}],
                    "changed": [{"field": "need", "before": None, "after": "clear"}],
                }
            ],
            "more": False,
            "outcomes": [{"became": became["became"], "on": later, "at": f"{later}T09:00:00.000000Z"}],
        },
        "Problem": body(mistakes.to_refusal(), "5f0c9d1be2a47788"),
        "Me": {
            "key": {"id": KEY, "name": "crm", "created": "2026-01-31T09:00:00+00:00"},
            "scopes": ["score", "outcomes"],
        },
        "Live": {"status": "live"},
        "Ready": {"status": "ready", "card": name, "release": release},
        "Releases": {
            **{"serves": RELEASE, "follows": True, "problem": ""},
            "releases": [
                {
                    **{"name": RELEASE, "current": True, "served": True, "created": "2026-01-31T09:00:00+00:00"},
                    **{"card": name, "note": "", "metrics": {"auc": 0.81}, "problem": ""},
                }
            ],
        },
        "Used": {"release": RELEASE, "was": "2025-12-31-001"},
        # One of each: a whole card may be longer than all that is said of the service.
        "Scorecard": {
            key: one[:1] if isinstance(one, list) else one for key, one in describe_scorecard(engine.card).items()
        },
    }
