"""Queries of react-querybuilder as a card: the same points on random leads, and clear words for what can't be read."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.api.formulas.card_text import write_card
from leadledger.api.formulas.imported_file import read_formula
from leadledger.api.formulas.parity import Parity, compare_scores
from leadledger.api.formulas.query_builder import translate_queries
from leadledger.api.formulas.query_builder_interpreter import score_queries
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from tests.effort import examples

AS_OF = date(2026, 1, 15)
LEADS = 1000


def rule(field: str, operator: str, value: Any = "", **others: Any) -> dict[str, Any]:
    """A rule of a query."""
    return {"id": "r1", "field": field, "operator": operator, "value": value, "valueSource": "value", **others}


def group(combinator: str, *rules: Any, negated: bool = False, **others: Any) -> dict[str, Any]:
    """A group of a query."""
    return {"id": "g1", "combinator": combinator, "not": negated, "rules": list(rules), **others}


QUERIES: list[dict[str, Any]] = [
    group("and", rule("Job Title", "contains", "CEO"), name="Runs the firm", points=20),
    group("or", rule("Email", "endsWith", "@gmail.com"), rule("Email", "endsWith", "@gmx.de"), points=-10),
    group(
        "and",
        rule("Employees", ">=", "100"),
        group("or", rule("Country", "in", "NO, SE"), rule("Country", "null"), negated=True),
        points=12.5,
    ),
    {"name": "Small", "points": 5, "query": group("and", rule("Employees", "between", "99,10"))},
    group("and", rule("Employees", "notBetween", [10, 99]), rule("Visits", "!=", 3), points=3),
    group("and", rule("Country", "notIn", ["US", "CA"]), rule("Country", "doesNotContain", "e"), points=2),
    group("or", rule("Subscribed", "=", False), rule("Created", ">", "2025-06-30"), points=-4, negated=True),
    {
        "points": 7,
        "rules": [
            rule("Job Title", "beginsWith", "head"),
            "or",
            rule("Visits", ">", 3),
            "and",
            rule("Email", "notNull"),
        ],
    },
    group(
        "and",
        rule("Job Title", "doesNotBeginWith", "head"),
        rule("Job Title", "doesNotEndWith", "aide", muted=True),
        rule("~", "=", "x"),
        rule("Visits", "in", []),
        rule("Visits", "between", "3"),
        group("or", rule("Visits", "=", 1), muted=True),
        points=1,
    ),
]
VALUES: Mapping[str, Sequence[Any]] = {
    "Job Title": ["CEO", "ceo & founder", "Director's aide", "Head of IT", "intern", "", None, 'a "b"\\c'],
    "Country": ["NO", "se", "US", "DE", "", None],
    "Email": ["a@gmail.com", "A@GMX.DE", "a@example.com", None],
    "Employees": [0, 9, 10, 99, 99.5, 100, 5000, None],
    "Subscribed": ["yes", "No", True, False, None],
    "Visits": [0, 1, 3, 4, 10, None],
    "Created": ["2025-06-30", "2025-07-01", "2026-02-01", None],
}


def draw_leads(seed: int, count: int = LEADS) -> list[dict[str, Any]]:
    """Random leads."""
    draw = random.Random(seed)
    return [{column: draw.choice(values) for column, values in VALUES.items()} for _ in range(count)]


def write_file(folder: Path, document: Any) -> Path:
    """A document in a file."""
    path = folder / "queries.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_the_card_gives_the_points_of_the_queries(tmp_path: Path) -> None:
    """On 1,000 random leads, each query earns the same by the card."""
    imported_file = read_formula(write_file(tmp_path, QUERIES))
    assert imported_file.format == "querybuilder"
    imported = write_card(imported_file.formula)
    leads = draw_leads(1)
    parity = compare_scores(
        imported,
        ((lead, ()) for lead in leads),
        AS_OF,
        lambda lead, events: imported_file.score_old(lead, events, AS_OF),
    )
    assert parity == Parity(LEADS, LEADS, 0, ())
    earned = [imported_file.score_old(lead, (), AS_OF).points for lead in leads]
    counts = [sum(f"$[{i}]" in points for points in earned) for i in range(len(QUERIES))]
    assert min(counts) > 20  # each query holds for some leads
    assert max(counts) < LEADS - 20
    assert [(part.path, part.reason) for part in imported.untranslated] == [
        ("$[8].rules[1]", "it is muted, so it is left out"),
        ("$[8].rules[2]", "nobody has chosen its field or its operator, so it is left out"),
        ("$[8].rules[3]", "it has no values, so it is left out"),
        ("$[8].rules[4]", "it doesn't have two values, so it is left out"),
        ("$[8].rules[5]", "it is muted, so it is left out"),
    ]


CONDITIONS = {
    0: "contains(job_title, 'CEO')",
    1: "ends_with(email, '@gmail.com') or ends_with(email, '@gmx.de')",
    2: "employees >= 100 and not (country in ('NO', 'SE') or country is null)",
    3: "employees between 10 and 99",
    4: "not (employees between 10 and 99) and visits <> 3",
    6: "not (not subscribed or created > date '2025-06-30')",
    7: "starts_with(job_title, 'head') or (visits > 3 and email is not null)",
}


def test_conditions() -> None:
    """A query is the condition that a person would write, and its name is the reason."""
    card = parse_card(write_card(translate_queries(QUERIES, "queries", "queries.json")).text)
    written = [found.when.text for found in card.rules]
    assert {i: written[i] for i in CONDITIONS} == CONDITIONS
    assert [found.reason for found in card.rules][:4] == ["Runs the firm", "Query 2", "Query 3", "Small"]
    assert [found.points for found in card.rules][:3] == [200, -100, 125]


def test_a_query_without_points_doubles_the_odds(tmp_path: Path) -> None:
    """One query alone, as the component gives it, is a rule with ten points, which is said."""
    imported = write_card(read_formula(write_file(tmp_path, group("and", rule("a", "=", "x")))).formula)
    assert [found.points for found in parse_card(imported.text).rules] == [100]
    assert [(part.path, part.reason) for part in imported.untranslated] == [
        ("$", "it has no points; here it earns 10, which double the odds")
    ]
    assert score_queries(group("and", rule("a", "=", "x")), {"a": "X"}).total == 10


WHOLE = "; so the whole query $[0] is left out"
REFUSED: dict[str, tuple[Any, str, str]] = {
    "empty": (group("and"), "$[0]", "nothing in it is a condition, so it would hold for every lead"),
    "no group": ({"query": 3}, "$[0]", "it is not a group; it has no list `rules`"),
    "an empty part of or": (
        group("or", rule("b", "=", "x"), group("and")),
        "$[0].rules[1]",
        f"it has no conditions, within an `or`: exports read that in two ways; remove it{WHOLE}",
    ),
    "xor": (group("xor", rule("b", "=", "x")), "$[0]", "it has the combinator 'xor'; a card has and, and or"),
    "no turns": (
        {"rules": [rule("b", "=", "x"), "and"]},
        "$[0]",
        "its rules and the combinators and / or don't take turns",
    ),
    "a part left out": (
        {"rules": [rule("b", "=", "x"), "and", rule("b", "in", "")]},
        "$[0].rules[2]",
        f"it is left out between two combinators; remove it{WHOLE}",
    ),
    "a pattern": (
        group("and", rule("b", "matches", "^x")),
        "$[0].rules[0]",
        "the operator 'matches' is not known; use one of: =, !=, <, <=, >, >=, contains, beginswith, endswith,"
        " doesnotcontain, doesnotbeginwith, doesnotendwith, null, notnull, in, notin, between, notbetween" + WHOLE,
    ),
    "another field": (
        group("and", rule("b", "=", "c", valueSource="field")),
        "$[0].rules[0]",
        f"it compares with a field; only fixed values can be translated{WHOLE}",
    ),
    "a list's parts": (
        group("and", rule("b", "=", group("and"), match={"mode": "all"})),
        "$[0].rules[0]",
        f"it asks the parts of a list; only single values can be translated{WHOLE}",
    ),
    "no field": (group("and", rule("", "=", "x")), "$[0].rules[0]", f"it has no field{WHOLE}"),
    "no value": (
        group("and", rule("b", "=", "")),
        "$[0].rules[0]",
        f"it compares with no value; write null or notNull to ask whether there is one{WHOLE}",
    ),
    "an order of texts": (
        group("and", rule("b", "<", "x")),
        "$[0].rules[0]",
        f"< compares numbers or days, and 'b' has other values in the queries{WHOLE}",
    ),
    "no rule": (group("and", 3), "$[0].rules[0]", f"it is neither a rule nor a group{WHOLE}"),
    "points": (
        group("and", rule("b", "=", "x"), points="many"),
        "$[0]",
        "its points are 'many', which is not a number of points",
    ),
    "many points": (group("and", rule("b", "=", "x"), points=101), "$[0]", "101 points; a rule has at most 100"),
    "no points": (group("and", rule("b", "=", "x"), points=0), "$[0]", "0 points change nothing"),
    "deep": (
        group("and", group("and", group("and", group("and", group("and", group("and", group("and"))))))),
        "$[0].rules[0].rules[0].rules[0].rules[0].rules[0].rules[0]",
        f"it lies deeper than 6 levels; make several queries of it{WHOLE}",
    ),
}


@pytest.mark.parametrize(("query", "path", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_query_that_cannot_be_translated_is_named(query: Any, path: str, reason: str) -> None:
    """Each such query has its place and the reason in the card's head; the others are translated."""
    imported = write_card(translate_queries([query, group("and", rule("a", "=", "x"), points=1)], "q", "q.json"))
    found = [part for part in imported.untranslated if "has no points" not in part.reason]
    assert (path, reason) in [(part.path, part.reason) for part in found]
    assert len(parse_card(imported.text).rules) == 1


def test_nothing_that_can_be_translated(tmp_path: Path) -> None:
    """A document of which nothing is left is refused, with the reasons."""
    with pytest.raises(DataError, match="nothing in it can be translated to a rule"):
        write_card(read_formula(write_file(tmp_path, group("and"))).formula)
    with pytest.raises(DataError, match="react-querybuilder `rules`"):
        read_formula(write_file(tmp_path, {"a": 1}))


rules = st.one_of(
    st.builds(
        rule,
        st.just("Country"),
        st.sampled_from(["=", "!=", "contains", "doesNotContain"]),
        st.sampled_from(["NO", "e"]),
    ),
    st.builds(rule, st.just("Country"), st.sampled_from(["null", "notNull"])),
    st.builds(rule, st.just("Country"), st.sampled_from(["in", "notIn"]), st.sampled_from(["NO,SE", ["US"], ""])),
    st.builds(rule, st.just("Visits"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.sampled_from(["3", 4])),
    st.builds(
        rule, st.just("Visits"), st.sampled_from(["between", "notBetween"]), st.sampled_from(["4,1", [0, 3], "1,"])
    ),
    st.builds(rule, st.just("Subscribed"), st.sampled_from(["=", "!="]), st.booleans()),
    st.builds(rule, st.just("Created"), st.sampled_from(["=", "<", ">="]), st.just("2025-07-01")),
)
trees = st.recursive(
    rules,
    lambda inner: st.builds(
        lambda word, parts, negated: group(word, *parts, negated=negated),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=1, max_size=3),
        st.booleans(),
    ),
    max_leaves=8,
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(trees, min_size=1, max_size=3), st.integers(0, 1000))
def test_random_queries(parts: list[Any], seed: int) -> None:
    """Whatever can be translated of random queries gives the points that their documentation states."""
    document = [group("and", part, points=3) for part in parts]
    formula = translate_queries(document, "q", "q.json")
    if not formula.rules:
        return
    imported = write_card(formula)
    places = {found.origin for found in imported.rules.values()}
    kept = [item for i, item in enumerate(document) if f"$[{i}]" in places]
    for lead in draw_leads(seed, 20):
        old = score_queries(document, lead).points
        parity = compare_scores(imported, [(lead, ())], AS_OF, lambda found, events: score_queries(document, found))
        assert [difference.path for difference in parity.differences] == [path for path in old if path not in places]
    assert len(kept) == len(imported.rules)
