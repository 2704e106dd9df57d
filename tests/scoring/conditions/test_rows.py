"""Conditions as rows of a form, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.condition import parse_tree
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.conditions.operators import OPERATORS, OPERATORS_OF_KINDS, describe_operator, list_operators
from leadledger.scoring.conditions.row_text import write_condition
from leadledger.scoring.conditions.rows import Row, Rows, read_rows, to_rows
from leadledger.scoring.errors import CardEditError
from leadledger.scoring.field import Field
from leadledger.scoring.tree import Kind
from tests.case_files import read_cases
from tests.effort import examples
from tests.strategies import CONDITIONS, DERIVED, PLAIN, leaves

ROOT = Path(__file__).parents[3]
FIELDS = {**PLAIN, **DERIVED, "or": Field("or", "number")}
CASES = read_cases("conditions.yaml")
CASE_FIELDS = parse_card(
    yaml.safe_dump({"name": "a", "missing": CASES["missing"], "fields": CASES["fields"]}, allow_unicode=True)
).fields


@settings(max_examples=examples(500), deadline=None)
@given(CONDITIONS)
def test_rows_mean_their_condition(text: str) -> None:
    """A condition that has rows is written from them as a text with the same tree."""
    node = parse_tree(text, FIELDS)
    rows = to_rows(node)
    event("rows" if rows else "text")
    if rows is not None:
        assert parse_tree(write_condition(rows, FIELDS), FIELDS) == node
        assert read_rows(json.loads(json.dumps(rows.to_dict()))) == rows


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.lists(leaves(), min_size=1, max_size=3), min_size=1, max_size=3), st.sampled_from(["and", "or"]))
def test_two_levels_have_rows(groups: list[list[str]], join: str) -> None:
    """All of any, and any of all, of simple conditions with fixed values have rows."""
    inner = "or" if join == "and" else "and"
    text = f" {join} ".join(f"({f' {inner} '.join(group)})" for group in groups)
    node = parse_tree(text, FIELDS)
    simple = [leaf for group in groups for leaf in group]
    if any("null)" in leaf or (leaf.split()[-1] in FIELDS and len(leaf.split()) > 1) for leaf in simple):
        return  # an unknown value in a list, and two fields compared, are no rows
    rows = to_rows(node)
    assert rows is not None
    assert parse_tree(write_condition(rows, FIELDS), FIELDS) == node


@pytest.mark.parametrize("case", CASES["conditions"], ids=lambda case: str(case["condition"]))
def test_cases(case: dict[str, Any]) -> None:
    """Each condition of the cases is the same after a way through rows, or has none."""
    node = parse_tree(str(case["condition"]), CASE_FIELDS)
    rows = to_rows(node)
    if rows is not None:
        assert parse_tree(write_condition(rows, CASE_FIELDS), CASE_FIELDS) == node


def all_of(*items: Row | Rows) -> Rows:
    """Items of which all must be true."""
    return Rows("all", items)


def any_of(*items: Row | Rows) -> Rows:
    """Items of which one must be true."""
    return Rows("any", items)


ROWS: dict[str, Rows | None] = {
    "n1 >= 1000": all_of(Row("n1", "at_least", ("1000",))),
    "n1 = 1.1250": all_of(Row("n1", "is", ("1.1250",))),  # 1.125 could be a thousand
    "n1 between 1 and 2.5": all_of(Row("n1", "between", ("1", "2.5"))),
    "n1 >= 1 and n1 <= 2 and f1": all_of(Row("n1", "at_least", ("1",)), Row("n1", "at_most", ("2",)), Row("f1", "yes")),
    "n1 not between 1 and 2": all_of(Row("n1", "not_between", ("1", "2"))),
    "t2 in ('yes', 'No')": all_of(Row("t2", "one_of", ("yes", "No"))),
    "t2 not in ('yes')": all_of(Row("t2", "none_of", ("yes",))),
    "starts_with(t1, 'ceo')": all_of(Row("t1", "starts_with", ("ceo",))),
    "ends_with(t1, '@a.no') or ends_with(t1, '@b.no')": all_of(Row("t1", "ends_with", ("@a.no", "@b.no"))),
    "not (contains(t1, 'a') or contains(t1, 'b'))": all_of(Row("t1", "not_contains", ("a", "b"))),
    "contains(t1, 'a') or ends_with(t1, 'b')": any_of(Row("t1", "contains", ("a",)), Row("t1", "ends_with", ("b",))),
    "has(c1, 'a') or has(c1, 'b')": all_of(Row("c1", "has", ("a", "b"))),
    "not has(c1, 'a')": all_of(Row("c1", "has_not", ("a",))),
    "f1": all_of(Row("f1", "yes")),
    "not f1": all_of(Row("f1", "no")),
    "f1 is not true": all_of(Row("f1", "not_known_yes")),
    "d1 is null": all_of(Row("d1", "not_known")),
    "d1 < date '2026-01-31'": all_of(Row("d1", "less_than", ("2026-01-31",))),
    "days_since(d1) > 30": all_of(Row("days_since(d1)", "more_than", ("30",))),
    "days_since(d1) between 0 and 14": all_of(Row("d1", "in_last_days", ("14",))),
    "days_until(d1) between 0 and 14": all_of(Row("d1", "in_next_days", ("14",))),
    '"or" > 1': all_of(Row("or", "more_than", ("1",))),
    "n1 > 1 and (t2 = 'yes' or t2 is null)": all_of(
        Row("n1", "more_than", ("1",)), any_of(Row("t2", "is", ("yes",)), Row("t2", "not_known"))
    ),
    "n1 > 1 or (f1 and n2 > 1)": any_of(
        Row("n1", "more_than", ("1",)), all_of(Row("f1", "yes"), Row("n2", "more_than", ("1",)))
    ),
    "n1 > 1 and (f1 or (n2 > 1 and f1))": None,
    "n1 > n2": None,
    "not (n1 > 1)": None,
    "t2 in ('yes', null)": None,
}


@pytest.mark.parametrize(("text", "rows"), ROWS.items(), ids=ROWS)
def test_rows(text: str, rows: Rows | None) -> None:
    """The rows that a condition has, and the text that they have again."""
    assert to_rows(parse_tree(text, FIELDS)) == rows
    if rows is not None:
        assert parse_tree(write_condition(rows, FIELDS), FIELDS) == parse_tree(text, FIELDS)
        assert write_condition(rows, FIELDS) == text


REFUSED = {
    "no rows": (all_of(), "there is no condition; add one"),
    "no rows in a group": (
        all_of(Row("f1", "yes"), any_of()),
        "a group has no conditions; add one, or drop the group",
    ),
    "no field": (all_of(Row("n11", "is", ("1",))), "the card has no field 'n11'. Did you mean 'n1'?"),
    "no word": (all_of(Row("n1; drop", "is", ("1",))), "the card has no field 'n1; drop'. Use one of: n1, n2,"),
    "no operator": (all_of(Row("n1", "above", ("1",))), "'above' is no operator."),
    "no value": (all_of(Row("n1", "is", (" ",))), "n1: a value is missing"),
    "two values": (all_of(Row("n1", "is", ("1", "2"))), "n1: one value is expected, not 2"),
    "half a span": (all_of(Row("n1", "between", ("1", ""))), "n1: give the least and the most"),
    "no number": (all_of(Row("n1", "is", ("x",))), "n1: 'x' is not a number; write it like 8 or -2.5"),
    "a number in two readings": (all_of(Row("n1", "is", ("1.000",))), "n1: '1.000' can be 1 or 1000; write 1 or 1000"),
    "no date": (all_of(Row("d1", "is", ("31.1.2026",))), "d1: '31.1.2026' is not a date; write it like 2026-01-31"),
    "days of no date": (
        all_of(Row("days_since(n1)", "is", ("1",))),
        "n1 is not a date, so no days can be counted from it",
    ),
    "no flag": (all_of(Row("f1", "is", ("maybe",))), "f1: 'maybe' is neither yes nor no"),
    "a search in a number": (
        all_of(Row("n1", "contains", ("1",))),
        "n1: 'contains' doesn't fit a field of kind number; choose another operator",
    ),
    "a value that never is": (
        all_of(Row("t2", "is", ("maybe",))),
        "'t2' never has the value 'maybe'. Use one of: yes, No, it's.",
    ),
    "a control": (
        all_of(Row("t1", "is", ("a\u202eb",))),
        "t1: 'a\\u202eb' holds the sign '\\u202e', which a card can't hold; remove it",
    ),
}


@pytest.mark.parametrize(("rows", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(rows: Rows, message: str) -> None:
    """A row that can't be a condition is refused, with its field and how to mend it."""
    with pytest.raises(CardEditError) as error:
        write_condition(rows, FIELDS)
    assert str(error.value).startswith(message)


BODIES: dict[str, tuple[object, str]] = {
    "nothing": (None, '`rows` is not a group of rows; write it like {"match": "all", "items": []}'),
    "no match": ({"match": "some", "items": []}, "`rows.match` is 'some'; write all or any"),
    "no row": ({"items": [3]}, "`rows.items[0]` is 3, which is not a row with a field and an operator"),
    "no field": ({"items": [{"operator": "is"}]}, "`rows.items[0]` has no field; choose one"),
    "no operator": (
        {"items": [{"field": "a", "operator": "at_leas"}]},
        "`rows.items[0].operator` is 'at_leas'. Did you mean 'at_least'?",
    ),
    "no values": (
        {"items": [{"field": "a", "operator": "is", "values": "x"}]},
        "`rows.items[0].values` is not a list of texts",
    ),
    "too deep": (
        {"items": [{"items": [{"items": []}]}]},
        "`rows.items[0].items[0]` is a group in a group in a group; write so deep a condition as text",
    ),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
def test_body_refused(body: object, message: str) -> None:
    """Rows in JSON that aren't rows are refused with the path of the mistake."""
    with pytest.raises(CardEditError) as error:
        read_rows(body)
    assert str(error.value) == message


VALUES: dict[Kind, tuple[str, ...]] = {
    "number": ("1", "2.5"),
    "text": ("a", "b"),
    "id": ("a", "b"),
    "flag": ("yes", "no"),
    "date": ("2026-01-30", "2026-01-31"),
    "choices": ("a", "b"),
}


@pytest.mark.parametrize(("kind", "operator"), [(kind, name) for kind in VALUES for name in list_operators(kind)])
def test_each_operator_that_is_offered_can_be_written(kind: Kind, operator: str) -> None:
    """Whatever a form offers for a kind is a condition, and its rows are the same again."""
    field = {"x": Field("x", kind)}
    values = ("14",) if operator.endswith("_days") else VALUES[kind]
    count = {"none": 0, "one": 1, "two": 2, "many": 2}[OPERATORS[operator].values]
    rows = all_of(Row("x", operator, values[:count]))
    assert to_rows(parse_tree(write_condition(rows, field), field)) == rows
    assert describe_operator(operator, kind)


def test_every_operator_is_offered() -> None:
    """Each operator fits a kind at least; a field with listed values is not searched."""
    assert {name for names in OPERATORS_OF_KINDS.values() for name in names} == set(OPERATORS)
    assert "contains" not in list_operators("text", has_values=True)
    assert describe_operator("more_than", "date") == "is after"
    assert describe_operator("more_than", "number", plural=True) == "are more than"
    assert describe_operator("is", "number", plural=True) == "are"
