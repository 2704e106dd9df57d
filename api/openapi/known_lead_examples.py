"""Examples of what is asked of known leads, and said of them, computed of the example's lead by the card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from leadledger.api.log.book_rows import BookRow
from leadledger.api.log.feedback import Feedback
from leadledger.api.log.known_leads import KnownLead
from leadledger.api.service.feedback import describe_feedback
from leadledger.api.service.known_leads import compare_leads, describe_events, forecast_lead, try_answers
from leadledger.api.service.lead_bodies import Answers
from leadledger.scoring.engine.forecast_days import USUAL_DAYS
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.outputs import VERDICTS

EXAMPLE_VIEW = "To call"
_OTHER_LEAD_ID = "L-1043"


def build_known_lead_examples(engine: Engine, lead_id: str, raw: Mapping[str, Any], day: date) -> dict[str, Any]:
    """An example for each schema by its name; `raw` is the example's lead, whose id is `lead_id`."""
    lead, other = _make_known(engine, lead_id, raw, day), _make_known(engine, _OTHER_LEAD_ID, {}, day)
    answers = {name: raw[name] for name in list(engine.card.card.questions)[:1] if name in raw}
    feedback = Feedback("reject", day.isoformat(), "no_budget")
    return {
        "LeadComparison": compare_leads(lead, other, day),
        "LeadForecast": forecast_lead(lead, day, USUAL_DAYS),
        "LeadEvents": {
            **describe_events(lead, day),
            **{"source": "stored", "days": [_describe_event_day(day)]},
        },
        "WhatIfRequest": {"answers": answers, "as_of": day.isoformat()},
        "WhatIf": try_answers(other, Answers(engine.clean(answers), tuple(answers), day), day),
        "FeedbackRequest": {"verb": feedback.verb, "reason": feedback.reason},
        "Feedback": describe_feedback(lead_id, feedback, True),
        **_build_overview_examples(engine, day),
    }


def _make_known(engine: Engine, lead_id: str, raw: Mapping[str, Any], day: date) -> KnownLead:
    row = BookRow._make([""] * len(BookRow._fields))._replace(lead=lead_id, release=engine.card.release)
    values = engine.clean(raw).values
    return KnownLead(engine, row._replace(as_of=day.isoformat()), values, "none", None, None)


def _describe_event_day(day: date) -> dict[str, Any]:
    return {
        **{"on": day.isoformat(), "kind": "visit", "events": 2, "machine": False},
        "properties": [{"field": "path", "value": "/pricing"}],
        "earned": [{"rule": "reads_prices", "events": 2, "then": 6.0, "now": 6.0}],
    }


def _build_overview_examples(engine: Engine, day: date) -> dict[str, Any]:
    card, as_of = engine.card.card, day.isoformat()
    head = {"card": card.name, "release": engine.card.release, "at": f"{as_of}T09:00:00.000000Z"}
    questions = [
        {"field": name, "question": text, "leads": 120, "first": 41, "settles": 56.3}
        for name, text in list(card.questions.items())[:1]
    ]
    verdicts = [{"recommendation": verdict, "leads": 12, "today": 1} for verdict in VERDICTS]
    grades = [name for name, _ in card.grades]
    named = {"lead": "L7", "title": "Larch AS"}
    views = ("act", "call", "ask", "back", "all")
    saved = {"name": EXAMPLE_VIEW, "query": "view=call&owner=Ann", "path": "/desk?view=call&owner=Ann"}
    capacity = [{"stage": "opportunity", "leads": 40, "period": "week", "since": as_of, "promoted": 12}]
    return {
        "Today": {
            **head,
            **{"as_of": as_of, "leads": 12 * len(VERDICTS), "back_by": as_of, "owners": ["Ann", "Bo"]},
            **{"to": ["opportunity"], "threshold": 55.0},
            "views": [{"view": view, "leads": 12} for view in views],
            "new": {"since": as_of, "leads": 1, "best": [{**named, "since": as_of}]},
            "waiting": {"leads": 1, "longest": [{**named, "since": as_of}]},
            "leaving": {
                **{"days": 14, "looked_at": 12},
                "leads": [{**named, "on": as_of, "recommendation": "nurture"}],
            },
            "capacity": capacity,
        },
        "SavedViewRequest": {"name": EXAMPLE_VIEW, "query": "view=call&owner=Ann"},
        "SavedView": saved,
        "SavedViews": {"views": [saved]},
        "ForgottenView": {"name": EXAMPLE_VIEW},
        "BookQuestions": {**head, "asked": 310, "looked_at": 310, "questions": questions},
        "Summary": {
            **head,
            **{"as_of": as_of, "leads": 12 * len(VERDICTS)},
            "points": [{"from": 50, "to": 60, "leads": 12}],
            "grades": [{"grade": name, "leads": 12} for name in grades],
            "recommendations": verdicts,
            **{"stage": "opportunity", "threshold": 55.0, "about_to_leave": 3, "about_to_enter": 4, "held": 1},
            "capacity": capacity,
            "conversion": [{"grade": name, "leads": 50, "converted": 10, "share": 0.2} for name in grades[:1]],
            **{"conversion_since": as_of, "conversion_until": as_of},
            "feedback": {
                **{"since": as_of, "accept": 9, "reject": 4, "snooze": 2},
                "reasons": [{"reason": "no_budget", "times": 3}],
                "wrong_entries": [{"kind": "rule", "name": "no_budget", "times": 2}],
            },
        },
    }
