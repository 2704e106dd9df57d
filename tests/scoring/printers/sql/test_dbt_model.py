"""A model of dbt: what its files hold, and what is refused. tests/operations/test_dbt.py runs it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import jinja2
import pytest
import yaml

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError, PrinterError
from leadledger.scoring.printers.sql.dbt_model import DbtModel, write_dbt_files
from leadledger.scoring.printers.sql.dialects.by_name import DIALECTS
from leadledger.scoring.printers.sql.select import to_sql
from leadledger.scoring.scorecard import Scorecard, build_untrained

TEXT = """
name: small
fields:
  lead_id: {kind: id}
  need: {kind: text}
  last_call: {kind: date}
rules:
  - {name: odd, when: "need = '{% endraw %}{{ 1/0 }}{#{{{'", points: 3, reason: Odd}
  - {name: called, when: last_call is not null, points: 9, half_life: 14 days of last_call, reason: Called}
grades: {A: 60, B: 50}
stages: [{name: contact}, {name: lead, points: 56}]
"""


def make_card(text: str = TEXT) -> Scorecard:
    """A card by its rules alone."""
    return build_untrained(parse_card(text))


def make_model(**changes: Any) -> DbtModel:
    """A model over a ref."""
    return DbtModel(**{"name": "lead_scores", "relation": "leads", "key": "lead_id", **changes})


class Run:
    """When dbt started, as its Jinja knows it."""

    def strftime(self, form: str) -> str:
        """The day."""
        return date(2026, 3, 5).strftime(form)

    def astimezone(self, zone: str) -> Run:
        """The same elsewhere: a day later."""
        assert zone == "Pacific/Auckland"
        run = Run()
        run.strftime = lambda form: date(2026, 3, 6).strftime(form)  # type: ignore[method-assign]
        return run


class Modules:
    """The modules that dbt hands to Jinja."""

    class pytz:
        """Time zones."""

        @staticmethod
        def timezone(name: str) -> str:
            """A zone."""
            return name


def render(text: str, **variables: Any) -> str:
    """What the Jinja of dbt makes of a file."""
    space = {
        "config": lambda **options: "",
        "ref": lambda *names: f'"{".".join(names)}"',
        "source": lambda *names: '"leads"',
        "var": lambda name, default: variables.get(name, default),
        "run_started_at": Run(),
        "modules": Modules,
    }
    return (
        jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True).from_string(text).render(space)
    )


def body(sql: str) -> str:
    """A SELECT from its first step on, without the lines that only comment."""
    return sql[sql.index("WITH") :].strip()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_model_is_the_select(dialect: str) -> None:
    """In every dialect dbt gets the SELECT that `to_sql` prints for the day, whatever the texts of the card hold."""
    day = date(2026, 2, 28)
    text = write_dbt_files(make_card(), make_model(dialect=dialect))["models/leadledger/lead_scores.sql"]
    rendered = render(text, as_of=day.isoformat())
    printed = to_sql(make_card(), day, source="leads", keep=["lead_id"], dialect=dialect)
    quoted = re.compile(r'["`]leads["`]|\bLEADS\b', re.IGNORECASE)
    assert quoted.sub("leads", body(rendered)) == quoted.sub("leads", body(printed))


def test_the_day() -> None:
    """Without a variable it is the day on which dbt runs, in the card's time zone."""
    path = "models/leadledger/lead_scores.sql"
    assert "DATE '2026-03-05'" in render(write_dbt_files(make_card(), make_model())[path])
    there = make_card(TEXT.replace("fields:", "time_zone: Pacific/Auckland\nfields:"))
    assert "DATE '2026-03-06'" in render(write_dbt_files(there, make_model())[path])


def test_what_it_reads() -> None:
    """A model, one of a package, or a table of a source."""
    path = "models/leadledger/lead_scores.sql"
    for changes, call in (
        ({}, "{{ ref('leads') }}"),
        ({"relation": "crm.leads"}, "{{ ref('crm', 'leads') }}"),
        ({"relation": "crm.leads", "is_source": True}, "{{ source('crm', 'leads') }}"),
    ):
        text = write_dbt_files(make_card(), make_model(**changes))[path]
        assert text.count(call) == 1
        assert "ll_dbt_source" not in text.lower()


def test_the_columns() -> None:
    """The YAML has the tests of the key, of the score, of grades and recommendations, and no Jinja of the card."""
    text = write_dbt_files(make_card(), make_model(key="Lead {{ID"))["models/leadledger/lead_scores.yml"]
    (model,) = yaml.safe_load(render(text))["models"]
    columns = {column["name"]: column for column in model["columns"]}
    assert columns["Lead {{ID"] == {"name": "Lead {{ID", "data_tests": ["unique", "not_null"], "quote": True}
    (grades,) = columns["grade"]["data_tests"]
    assert grades["accepted_values"]["arguments"]["values"] == ["A", "B", "C"]
    assert model["description"] == "Scores of the leads by the card 'small'"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a-b"}, "'a-b' can't name a model; use letters, digits and _"),
        ({"relation": "a b"}, "'a b' can't be what a model reads; name it like --ref leads"),
        ({"relation": "leads') }}"}, "\"leads') }}\" can't be what a model reads; name it like --ref leads"),
        (
            {"relation": "leads", "is_source": True},
            "'leads' can't be what a model reads; name it like --source crm.leads",
        ),
    ],
)
def test_names_that_dbt_does_not_take(changes: dict[str, Any], message: str) -> None:
    """A name that is no name never gets into Jinja."""
    with pytest.raises(DataError) as refusal:
        write_dbt_files(make_card(), make_model(**changes))
    assert str(refusal.value) == message


def test_cards_that_need_a_fixed_day() -> None:
    """A card with events is refused; so is one that has a day in its SELECT which isn't that of the score."""
    events = 'events: {visit: {}}\nfields:\n  visits: {kind: number, is: "count(visit, 14 days)"}\n'
    with pytest.raises(
        DataError, match=r"counts events, and their windows are days that stand in the SELECT; print it"
    ):
        write_dbt_files(make_card(TEXT.replace("fields:\n", events)), make_model())
    known = TEXT.replace("last_call is not null", "last_call = '1903-07-14'")
    with pytest.raises(PrinterError, match=r"depends on its day in a way that dbt can't put in"):
        write_dbt_files(make_card(known), make_model())
