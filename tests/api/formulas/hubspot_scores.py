"""Scores as HubSpot's API returns them, from easy to hard, and random leads and events for them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

AS_OF = date(2026, 1, 15)
VISIT, FORM = "4-96000", "4-1639801"


def operate(kind: str, operator: str, *, missing: bool = False, **rest: Any) -> dict[str, Any]:
    """An operation on a property."""
    return {"operationType": kind, "operator": operator, "includeObjectsWithNoValueSet": missing, **rest}


def when(value: float, **operations: dict[str, Any]) -> dict[str, Any]:
    """Points where all operations hold, by property."""
    conditions = [{"type": "SINGLE", "property": name, "operation": item} for name, item in operations.items()]
    where = {"type": "COMPOSITE", "operator": "AND", "conditions": conditions}
    return {"type": "CONDITIONAL", "value": value, "whereCondition": where}


def match(name: str, *rules: tuple[dict[str, Any], float], default: float | None = None) -> dict[str, Any]:
    """The points of the first operation that holds."""
    calculation: dict[str, Any] = {"type": "MATCH", "property": name}
    calculation["matchRules"] = [{"operation": operation, "value": value} for operation, value in rules]
    return calculation if default is None else {**calculation, "defaultValue": default}


def each(kind: str, value: float, days: int | None = None) -> dict[str, Any]:
    """Points for each event, of some days or of all."""
    entry: dict[str, Any] = {"eventTypeId": kind, "recordCalculation": {"type": "CONSTANT", "value": value}}
    return _event_entry(entry, days)


def times(kind: str, days: int | None, *ranges: tuple[str, int, int | None, float]) -> dict[str, Any]:
    """Points for how often an event happened."""
    entry: dict[str, Any] = {"eventTypeId": kind, "recordCalculation": {"type": "CONSTANT", "value": 0}}
    listed = [
        {"type": name, "from": first, "value": value, **({} if last is None else {"to": last})}
        for name, first, last, value in ranges
    ]
    entry["eventFrequencyCriteria"] = {"type": "BETWEEN", "ranges": listed}
    return _event_entry(entry, days)


def _event_entry(entry: dict[str, Any], days: int | None) -> dict[str, Any]:
    if days is not None:
        recent = operate(
            "ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO", numberOfDays=days, requiresTimeZoneConversion=False
        )
        entry["eventTimeframe"] = {"eventFilterOperation": recent}
    return {"type": "MULTI_UE", "eventCalculators": [entry]}


def make_group(name: str, *calculations: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A group of rules; a calculation may hold `limits` of its rule."""
    rules = []
    for i, calculation in enumerate(calculations):
        limits = calculation.get("limits", {})
        bare = {key: value for key, value in calculation.items() if key != "limits"}
        rules.append({"id": f"r{i}", "enabled": True, "configuration": {"calculation": bare}, **limits})
    return {"id": name, "groupName": name, "groupCategory": "FIT", "ruleConfigurations": rules, **rest}


def make_score(name: str, *groups: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A whole score."""
    head = {"id": "7", "name": name, "objectTypeId": "0-1", "scoreStatus": "ACTIVE", "scoreType": "COMBINED"}
    return {**head, "allowedGroupTypes": ["FIT", "INTENT"], "groupConfigs": list(groups), **rest}


SENIOR = when(15, jobtitle=operate("STRING", "CONTAINS", value="Director"))
LARGE = when(12, numberofemployees=operate("NUMBER", "IS_GREATER_THAN_OR_EQUAL_TO", value=100))
PRIVATE = when(-10, email=operate("MULTISTRING", "ENDS_WITH", values=["@gmail.com", "@mail.com"]))
NORDIC = when(
    5,
    country=operate("MULTISTRING", "IS_EQUAL_TO", values=["NO", "SE"]),
    hs_email_optout=operate("BOOL", "IS_NOT_EQUAL_TO", value=True, missing=True),
)
SIZES = match(
    "numberofemployees",
    (operate("NUMBER_RANGED", "IS_BETWEEN", lowerBound=50, upperBound=200), 8),
    (operate("NUMBER", "IS_GREATER_THAN", value=100), 14),
    (operate("ALL_PROPERTY", "IS_UNKNOWN"), -2),
    default=1.5,
)
INTERESTS = match(
    "interests",
    (operate("ENUMERATION", "CONTAINS_ALL", values=["crm", "erp"]), 9),
    (operate("ENUMERATION", "IS_ANY_OF", values=["crm"]), 4),
    (operate("ENUMERATION", "IS_NONE_OF", values=["hr"], missing=True), 1),
)
RECENT = when(
    6,
    notes_last_contacted=operate(
        "ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO", numberOfDays=30, requiresTimeZoneConversion=False
    ),
)
OLD = when(-4, createdate=operate("DATE", "IS_BEFORE", year=2025, month="JULY", day=1))

MONTHLY = {"decayIntervalDays": 30, "percentToDecayPerInterval": 100}
BOTH = {"type": "MULTI", "calculators": [SENIOR, NORDIC]}
AGES = [-2, 0, 1, 13, 14, 29, 30, 59, 60, 400]  # days

SCORES = {
    "conditions": make_score("Fit", make_group("Person", SENIOR, LARGE, PRIVATE)),
    "limits": make_score("Fit", make_group("Person", SENIOR, LARGE, PRIVATE, NORDIC, maxValue=20, minValue=-5)),
    "matches": make_score("Fit 2", make_group("Firm", SIZES, INTERESTS, OLD), make_group("Call", RECENT, maxValue=4)),
    "events": make_score(
        "Engagement",
        make_group(
            "Web",
            {**each(VISIT, 2, 14), "limits": {"maximumValue": 10}},
            each(FORM, 7),
            times(VISIT, 30, ("EXACTLY", 1, None, 1), ("BETWEEN", 2, 4, 5), ("AT_LEAST", 5, None, 11)),
        ),
    ),
    "everything": make_score(
        'Everything: "all" # of it',
        make_group("Fit", SIZES, INTERESTS, BOTH, maxValue=25, minValue=-3),
        make_group(
            "Fading",
            each(VISIT, 3),
            each(FORM, 9, 60),
            groupDecay=MONTHLY,
        ),
    ),
}

VALUES: dict[str, list[Any]] = {
    "jobtitle": ["Director", "managing director", "Clerk", "", None],
    "numberofemployees": [0, 49, 50, 100, 101, 200, 201, "75", None],
    "email": ["a@gmail.com", "b@mail.com", "c@example.com", None],
    "country": ["NO", "se", "DE", None],
    "hs_email_optout": [True, False, "true", "false", None],
    "interests": ["crm", "erp;crm", "hr", "hr;erp", "crmx", None],
    "notes_last_contacted": ["2026-01-15", "2025-12-17", "2025-12-16", "2025-12-15", "2026-01-16", None],
    "createdate": ["2025-06-30", "2025-07-01", None],
}


def draw_lead(draw: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A lead with its events."""
    lead = {name: draw.choice(values) for name, values in VALUES.items()}
    events = [
        {
            "kind": draw.choice([VISIT, FORM]),
            "time": str(AS_OF - timedelta(draw.choice(AGES))),
        }
        for _ in range(draw.randrange(8))
    ]
    return lead, [{**event, "id": str(i)} for i, event in enumerate(events)]
