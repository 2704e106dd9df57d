"""Conditions as query builders export them, against what the same query means in json-logic."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.condition import KnownField, parse_condition
from leadledger.scoring.meaning.logic import evaluate_condition
from leadledger.scoring.tree import Typed

EXPORTS = Path(__file__).parents[4] / "shared" / "cases" / "peers" / "react_querybuilder_40.json"
FIELDS = {
    "city": KnownField("text"),
    "job_title": KnownField("text"),
    "budget": KnownField("number"),
    "employees": KnownField("number"),
    "created": KnownField("date"),
    "last_activity": KnownField("date"),
    "is_customer": KnownField("flag"),
    "unsubscribed": KnownField("flag"),
}
DAYS = ["2024-02-08", "2025-01-17", "2025-06-02", "2026-01-10", "2026-07-12"]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["Oslo", "Bergen", "50%", "a_b", "O'Neil", "x,y", "ACME", "ACME Oslo", "Straße", None]),
    "number": st.sampled_from([-3.0, 0.0, 1.0, 5.0, 10.0, 12.5, 50.0, 250.0, 1000.0, None]),
    "date": st.sampled_from([*DAYS, None]),
    "flag": st.sampled_from([True, False, None]),
}
LEADS = st.fixed_dictionaries({name: VALUES[str(field.kind)] for name, field in FIELDS.items()})


def json_logic(query: Any, lead: dict[str, Any]) -> Any:
    """What a query of json-logic means for a lead. https://jsonlogic.com/operations.html"""
    if not isinstance(query, dict):
        return [json_logic(item, lead) for item in query] if isinstance(query, list) else query
    ((operation, arguments),) = query.items()
    if operation == "var":
        return lead[arguments]
    items = [json_logic(item, lead) for item in (arguments if isinstance(arguments, list) else [arguments])]
    match operation:
        case "and":
            return all(items)
        case "or":
            return any(items)
        case "!":
            return not items[0]
        case "==":
            return items[0] == items[1]
        case "!=":
            return items[0] != items[1]
        case "in":
            return items[1] is not None and items[0] in items[1]
        case "startsWith":
            return items[0] is not None and items[0].startswith(items[1])
        case "endsWith":
            return items[0] is not None and items[0].endswith(items[1])
    if None in items:
        return False
    return all({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operation] for a, b in pairwise(items))


@pytest.mark.skipif(not EXPORTS.exists(), reason="the exports of react-querybuilder are not here")
@pytest.mark.parametrize("export", ["sql_default", "sql_parseNumbers", "own_processor"])
def test_exports_mean_what_json_logic_says(export: str) -> None:
    """Each of the forty queries is read, and where it is known for a lead, json-logic says the same."""
    queries = json.loads(EXPORTS.read_text(encoding="utf-8"))
    assert len(queries) == 40
    conditions = [(parse_condition(query[export], FIELDS).tree, query["logic"]) for query in queries]

    @given(LEADS)
    def check(lead: dict[str, Any]) -> None:
        values: dict[str, Typed] = {
            name: date.fromisoformat(value) if value and FIELDS[name].kind == "date" else value
            for name, value in lead.items()
        }
        for condition, logic in conditions:
            known = evaluate_condition(condition, values, date(2026, 7, 1))
            assert known is None or known == json_logic(logic, lead), (condition, lead)

    check()
