"""Bodies with leads: each mistake comes back with its path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.api.requests.mistakes import MOST_MISTAKES_LISTED
from tests.api.answers import BATCH, DAY, JSON, SCORE, read_problem
from tests.effort import examples

FLAT = "a lead is flat: each value is a text, a number, true, false or null"
HUGE = "is a number beyond the range of a double (1.8e308)"
NO_SCORE = "nothing was scored."

# What is sent (a text as it is, anything else as JSON), and the mistakes that come back: path, reason.
MISTAKES: dict[str, tuple[str, Any, list[tuple[str, str]]]] = {
    "no object": (SCORE, [1], [("$", 'is a list; send an object like {"lead": …}')]),
    "no object, a text": (BATCH, '"x"', [("$", 'is a text; send an object like {"leads": …}')]),
    "no object, null": (SCORE, "null", [("$", 'is null; send an object like {"lead": …}')]),
    "no object, NaN": (SCORE, "NaN", [("$", 'is NaN, which JSON does not have; send an object like {"lead": …}')]),
    "nothing": (SCORE, {}, [("$.lead", "is missing")]),
    "no leads": (BATCH, {}, [("$.leads", "is missing")]),
    "unknown keys": (
        SCORE,
        {"lead": {}, "as_off": DAY, "x y": 1},
        [
            ("$.as_off", "unknown key. Did you mean 'as_of'?"),
            ('$["x y"]', "unknown key. Use one of: lead, as_of, events."),
        ],
    ),
    "a lead by itself": (
        SCORE,
        {"employees": 3},
        [
            (
                "$",
                'has no `lead`; send {"lead": …}, or say whose record it is: ?from=hubspot (or salesforce, dynamics,'
                " odoo, zoho, bottlecrm), ?from=record for any other system",
            )
        ],
    ),
    "no such day": (
        SCORE,
        {"lead": {}, "as_of": "2026-02-30"},
        [("$.as_of", "is not a date; write it like 2026-01-31")],
    ),
    "a day of another form": (
        SCORE,
        {"lead": {}, "as_of": "2026-W01-1"},
        [("$.as_of", "is not a date; write it like 2026-01-31")],
    ),
    "a day as a number": (
        SCORE,
        {"lead": {}, "as_of": 20260101},
        [("$.as_of", "is a number, not a date; write it like 2026-01-31")],
    ),
    "a day beyond all numbers": (
        SCORE,
        '{"lead": {}, "as_of": 1e999}',
        [("$.as_of", "is a number, not a date; write it like 2026-01-31")],
    ),
    "a day of many digits": (
        SCORE,
        f'{{"lead": {{}}, "as_of": {"9" * 4000}}}',
        [("$.as_of", "is a number, not a date; write it like 2026-01-31")],
    ),
    "a day that is NaN": (
        SCORE,
        '{"lead": {}, "as_of": NaN}',
        [("$.as_of", "is NaN, which JSON does not have, not a date; write it like 2026-01-31")],
    ),
    "a lead that is a list": (
        SCORE,
        {"lead": [1]},
        [("$.lead", 'is a list; a lead is an object like {"employees": 120}')],
    ),
    "a lead that is null": (
        SCORE,
        {"lead": None},
        [("$.lead", 'is null; a lead is an object like {"employees": 120}')],
    ),
    "leads that are no list": (BATCH, {"leads": {}}, [("$.leads", "is an object; send a list of leads")]),
    "leads that are none": (BATCH, {"leads": []}, [("$.leads", "is empty; send at least one lead")]),
    "too many leads": (BATCH, {"leads": [{}] * 151}, [("$.leads", "holds 151 leads; send at most 150 at once")]),
    "nested values": (
        SCORE,
        {"lead": {"budget": {"amount": 1}, "other": [], "employees": "x"}},
        [
            ("$.lead.budget", f"is an object; {FLAT}"),
            ("$.lead.other", f"is a list; {FLAT}"),
            ("$.lead.employees", "'x' is not a number; write it like 25000, 2.5 or 1e6"),
        ],
    ),
    "as deep as may be": (
        SCORE,
        f'{{"lead": {{"a": {"[" * 30}{"]" * 30}, "b": "{"[" * 40}"}}}}',
        [("$.lead.a", f"is a list; {FLAT}")],
    ),
    "the same field twice": (
        SCORE,
        {"lead": {"employees": 3, "NumberOfEmployees": 4}},
        [("$.lead.NumberOfEmployees", "'employees' has another value under 'employees'; send one of the two")],
    ),
    "the same key twice": (
        SCORE,
        '{"lead": {"employees": 3, "employees": 3, "x": 1, "x": 2}, "as_of": null, "as_of": null}',
        [
            ("$.as_of", "is given more than once; send it once"),
            ("$.lead.employees", "is given more than once; send it once"),
            ("$.lead.x", "is given more than once; send it once"),
        ],
    ),
    "numbers that JSON lacks": (
        SCORE,
        '{"lead": {"budget": NaN, "employees": -Infinity, "x": Infinity}}',
        [
            ("$.lead.budget", "is NaN, which JSON does not have; send null for what is not known"),
            ("$.lead.employees", "is -Infinity, which JSON does not have; send null for what is not known"),
            ("$.lead.x", "is Infinity, which JSON does not have; send null for what is not known"),
        ],
    ),
    "numbers that no double holds": (
        SCORE,
        f'{{"lead": {{"budget": 1e999, "employees": {"9" * 400}, "x": -{"9" * 5000}}}}}',
        [("$.lead.budget", HUGE), ("$.lead.employees", HUGE), ("$.lead.x", HUGE)],
    ),
    "half a character": (
        SCORE,
        '{"lead": {"industry": "\\ud800", "x\\udfff": 1}}',
        [
            ('$.lead["x?"]', "the name holds half a character (a lone surrogate)"),
            ("$.lead.industry", "'\\ud800' is not a text: it holds half a character"),
        ],
    ),
    "names without end": (
        SCORE,
        {"lead": {str(at): 1 for at in range(2001)}},
        [("$.lead", "has 2,001 names; send at most 2,000, those that the card uses")],
    ),
    "a name without end": (
        SCORE,
        {"lead": {"x" * 201: 1}},
        [(f'$.lead["{"x" * 79}…"]', "the name is longer than 200 characters")],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(client: TestClient, name: str) -> None:
    """Every mistake of a request comes back at once, with its path."""
    path, sent, mistakes = MISTAKES[name]
    content = sent if isinstance(sent, str) else json.dumps(sent)
    problem = read_problem(client.post(path, content=content, headers=JSON), 422)
    assert [(mistake["path"], mistake["reason"]) for mistake in problem["errors"]] == mistakes
    number = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
    assert problem["detail"] == f"{number} in the request; {NO_SCORE}"


def test_values_are_repeated(client: TestClient) -> None:
    """A value that can't be read comes back as a text with the mistake, shortened if long; a nested one doesn't."""
    lead = {"budget": "x" * 10_000, "employees": True, "unsubscribed": 7, "industry": 1.5, "created": {"a": 1}}
    problem = read_problem(client.post(SCORE, json={"lead": lead}), 422)
    assert {mistake["path"]: mistake.get("value", "none") for mistake in problem["errors"]} == {
        "$.lead.created": "none",
        "$.lead.budget": "x" * 39 + "…",
        "$.lead.employees": "true",
        "$.lead.unsubscribed": "7",
        "$.lead.industry": "1.5",
    }


def test_mistakes_beyond_count(client: TestClient) -> None:
    """Of very many mistakes, all are counted and the first hundred are listed."""
    problem = read_problem(client.post(SCORE, json={"lead": {f"name {number}": [] for number in range(240)}}), 422)
    assert problem["detail"] == f"240 mistakes in the request, the first {MOST_MISTAKES_LISTED} are listed; {NO_SCORE}"
    assert len(problem["errors"]) == MOST_MISTAKES_LISTED


@pytest.mark.parametrize(
    "body",
    [
        {str(number) * 5: number for number in range(2000)},
        {"lead": {str(number) * 5: [] for number in range(2000)}},
        {"lead": {"x" * number: 1 for number in range(200, 300)}},
        {"lead": {"industry": ["x" * 40_000], "budget": "x" * 5_000}, "x" * 1_000: 1, "as_of": "x" * 1_000},
    ],
)
def test_answers_stay_small(client: TestClient, body: dict[str, Any]) -> None:
    """A refusal doesn't repeat all that was sent, however much it was."""
    answer = client.post(SCORE, json=body)
    read_problem(answer, 422)
    assert len(answer.content) < 20_000


# -- any body ----------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["lead", "leads", "as_of", "employees", "need", "created", "unsubscribed", "Id", "x"]
) | st.text(max_size=5)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-01-01", "0001-01-01", "9999-12-31T23:59:59-23:59", "1e308", "urgent", "\ud800", "\0"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
LEADS = st.dictionaries(NAMES, SCALARS, max_size=8)
DAYS = st.dates().map(str) | SCALARS
BODIES = (
    st.fixed_dictionaries({}, optional={"lead": LEADS | VALUES, "as_of": DAYS})
    | st.fixed_dictionaries({}, optional={"leads": st.lists(LEADS | VALUES, max_size=3), "as_of": DAYS})
    | VALUES
)


@settings(max_examples=examples(150))
@given(path=st.sampled_from([SCORE, BATCH]), body=BODIES)
def test_any_json(client: TestClient, path: str, body: Any) -> None:
    """Whatever JSON comes, it is scored or refused in the one shape."""
    answer = client.post(path, content=json.dumps(body), headers=JSON)
    if answer.status_code != 200:
        read_problem(answer, 422)


@settings(max_examples=examples(100))
@given(path=st.sampled_from([SCORE, BATCH]), body=st.binary(max_size=30) | st.text('{}[]":,\\u09aeN-+.', max_size=20))
def test_any_bytes(client: TestClient, path: str, body: bytes | str) -> None:
    """Whatever bytes come, they are refused in the one shape."""
    answer = client.post(path, content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    read_problem(answer, answer.status_code)
