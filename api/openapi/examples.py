"""Examples of every body and answer for /openapi.json, from the card that is served. They fit each other.

The lead is the first case of the card; the answer to it is computed, not written down.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from leadledger.api.http.problem import describe
from leadledger.api.openapi.draft_examples import EXAMPLE_DRAFT, build_draft_examples
from leadledger.api.openapi.hook_examples import EXAMPLE_HOOK_ID, build_hook_examples
from leadledger.api.openapi.known_lead_examples import EXAMPLE_VIEW, build_known_lead_examples
from leadledger.api.openapi.release_examples import build_release_examples
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.loaded import LOST
from leadledger.api.service.scorecard_json import describe_scorecard
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.tree import Typed

EXAMPLE_LEAD_ID = "L-1042"
EXAMPLE_SCORE_ID = "01kb0000000000000000000000"
EXAMPLE_KEY_ID = "3f9c01ab"
EXAMPLE_RELEASE = "2026-01-31-001"
_CREATED = "2026-01-31T09:00:00+00:00"


def example_lead(engine: Engine) -> tuple[dict[str, Any], date]:
    """The lead of the first case of the card, and its day; without cases, an empty lead.

    Each value has the JSON type of its field's kind, as clients with one type per field send it.
    """
    for case in engine.card.card.cases:
        values = engine.clean(case.lead).values
        return {name: _to_json_type(value) for name, value in values.items() if value is not None}, case.as_of
    return {}, date(2026, 1, 1)


def _to_json_type(value: Typed) -> str | float | bool:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    assert value is not None
    return value


def example_ids(engine: Engine) -> dict[str, str]:
    """Examples of the parameters in paths, by the word before them."""
    return {
        "scores": EXAMPLE_SCORE_ID,
        "leads": EXAMPLE_LEAD_ID,
        "releases": engine.card.release or EXAMPLE_RELEASE,
        "hooks": EXAMPLE_HOOK_ID,
        "drafts": EXAMPLE_DRAFT,
        "views": EXAMPLE_VIEW,
    }


def build_examples(engine: Engine) -> dict[str, Any]:
    """An example for each schema by its name."""
    lead, day = example_lead(engine)
    as_of = day.isoformat()
    cleaned = engine.clean(lead)
    result = {"id": EXAMPLE_SCORE_ID, **engine.build_result(cleaned.values, day, cleaned.ignored).to_dict()}
    outcome = {"lead": EXAMPLE_LEAD_ID, "became": [LOST, *engine.card.gates][-1], "on": as_of}
    mistakes = Mistakes()
    mistakes.add(("$", "lead", "employees"), "'many' is not a number; write it like 25000, 2.5 or 1e6", "many")
    # One entry of each list: a whole card may be longer than the rest of the document.
    scorecard = {
        name: value[:1] if isinstance(value, list) else value for name, value in describe_scorecard(engine.card).items()
    }
    return {
        "ScoreRequest": {"lead": lead, "as_of": as_of},
        "BatchRequest": {"leads": [lead], "as_of": as_of},
        "Result": result,
        "BatchResult": {"scored": 1, "refused": 0, "results": [{"status": 200, "result": result, "errors": []}]},
        "OutcomeRequest": outcome,
        "Outcome": {**outcome, "new": True, "notes": []},
        "StoredEvents": {
            **{"stored": 1, "repeated": 0, "refused": 0, "joins": 0},
            **{"unknown_kinds": [], "notes": [], "errors": []},
        },
        **_log_examples(result, day, outcome["became"]),
        **build_known_lead_examples(engine, EXAMPLE_LEAD_ID, lead, day),
        "Problem": describe(mistakes.to_refusal(), "5f0c9d1be2a47788"),
        **_service_examples(engine),
        "Scorecard": scorecard,
        **build_hook_examples(engine, EXAMPLE_KEY_ID),
        **build_draft_examples(engine.card.release or EXAMPLE_RELEASE),
        **build_release_examples(
            engine.card.release or EXAMPLE_RELEASE, engine.card.card.name, EXAMPLE_LEAD_ID, EXAMPLE_SCORE_ID
        ),
    }


def _log_examples(result: dict[str, Any], day: date, became: str) -> dict[str, Any]:
    """Answers that read the log. `result`: the answer that was logged, for the day `day`."""
    names = ("card", "release", "as_of", "score", "points", "probability", "grade", "recommendation")
    as_of = day.isoformat()
    at = f"{as_of}T09:00:00.000000Z"
    score = {
        **{"id": EXAMPLE_SCORE_ID, "at": at, "lead": EXAMPLE_LEAD_ID, "key": EXAMPLE_KEY_ID},
        **{name: result[name] for name in names},
    }
    start = result["ledger"][0]
    move = {"kind": "start", "name": start["name"], "cause": "release"}
    points = {"before": start["points"] - 1, "after": start["points"], "moved": 1.0}
    later = (day + timedelta(days=90)).isoformat()
    lead = {
        **{name: score[name] for name in ("lead", "at", *names)},
        **{name: result[name] for name in ("from", "to")},
        **{"score_id": EXAMPLE_SCORE_ID, "percentile": result.get("percentile"), "axis_grades": ""},
        **{"since": as_of, "distance": None, "change": 0.0, "change_since": None, "owner": ""},
        **{"rejected_on": None, "snoozed_until": None, "answered_on": None},
    }
    said = {"verb": "accept", "reason": "", "entry": "", "until": None, "on": as_of, "at": at, "key": EXAMPLE_KEY_ID}
    values = [{"field": "lead_id", "value": EXAMPLE_LEAD_ID}]
    explaining = {name: result[name] for name in ("criteria", "reasons", "questions")}
    details = {"title": "Larch AS", "place": 1, "since_at": at, **explaining, "moved": [], "changes": []}
    return {
        "Leads": {"leads": [{**lead, "details": [details]}], "next": ""},
        "KnownLead": {**lead, "feedback": [said], "input": values, "result": result},
        "LoggedScore": {**score, "input": values, "result": result},
        "Replayed": {
            **{"id": EXAMPLE_SCORE_ID, "release": result["release"], "identical": True},
            **{"points": result["points"], "replayed": result["points"], "result": result},
        },
        "LeadScores": {
            "lead": EXAMPLE_LEAD_ID,
            "scores": [
                {
                    **score,
                    "moved": [{**move, **points}],
                    "changed": [{"field": "need", "before": None, "after": "clear"}],
                    "arrived_late": 0,
                }
            ],
            "more": False,
            "outcomes": [{"became": became, "on": later, "at": f"{later}T09:00:00.000000Z"}],
        },
    }


def _service_examples(engine: Engine) -> dict[str, Any]:
    """Answers about the key, the health and the releases of the service."""
    card_name = engine.card.card.name
    return {
        "Me": {
            "key": {"id": EXAMPLE_KEY_ID, "name": "crm", "created": _CREATED},
            "scopes": ["score", "outcomes"],
        },
        "Live": {"status": "live"},
        "Ready": {"status": "ready", "card": card_name, "release": engine.card.release},
        "Releases": {
            **{"serves": EXAMPLE_RELEASE, "follows": True, "problem": ""},
            "releases": [
                {
                    **{"name": EXAMPLE_RELEASE, "current": True, "served": True, "created": _CREATED},
                    **{"card": card_name, "note": "", "metrics": {"auc": 0.81}, "problem": ""},
                }
            ],
        },
        "Used": {"release": EXAMPLE_RELEASE, "was": "2025-12-31-001"},
    }
