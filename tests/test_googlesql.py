"""BigQuery's dialect, run on GoogleSQL's reference implementation: what the package `zetasql` has as WebAssembly.

That is no BigQuery, but the language that BigQuery speaks, as its makers understand it: its parser, its types, its
casts, its comparisons and its collations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadledger
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.outputs import REASON_COLUMNS, list_names
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import Scorecard, build_untrained
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, scorecards, scorecards_with_axes
from tests.test_backends_agree import TYPES, Engine, Rows, agree, agree_on_texts, draw_raw_leads, in_order, numbered
from tests.test_reasons_agree import expected

pytestmark = pytest.mark.slow
EPOCH = date(1970, 1, 1)


@contextmanager
def googlesql_rows() -> Iterator[Rows]:
    """GoogleSQL's evaluator; the package takes some seconds to start."""
    reason = "the package zetasql has GoogleSQL: pip install 'leadledger[googlesql]'"
    api = pytest.importorskip("zetasql.api", reason=reason)
    zeta = pytest.importorskip("zetasql.types", reason=reason)
    features, kinds = zeta.LanguageFeature, zeta.TypeKind
    language = zeta.LanguageOptions.maximum_features()
    language.enabled_language_features.append(features.FEATURE_COLLATION_SUPPORT)
    language.product_mode = zeta.ProductMode.PRODUCT_EXTERNAL
    functions = zeta.ZetaSQLBuiltinFunctionOptions(language_options=language)
    columns = {
        "INTEGER": kinds.TYPE_INT64,
        "DOUBLE": kinds.TYPE_DOUBLE,
        "VARCHAR": kinds.TYPE_STRING,
        "BOOLEAN": kinds.TYPE_BOOL,
        "DATE": kinds.TYPE_DATE,
    }
    members = {
        "INTEGER": "int64_value",
        "DOUBLE": "double_value",
        "VARCHAR": "string_value",
        "BOOLEAN": "bool_value",
        "DATE": "date_value",
    }

    def cell(value: Any, kind: str) -> Any:
        if value is None:
            return zeta.Value()
        return zeta.Value(**{members[kind]: (value - EPOCH).days if isinstance(value, date) else value})

    def plain(value: Any) -> Any:
        for member in members.values():
            held = getattr(value, member)
            if held is not None:
                return EPOCH + timedelta(days=held) if member == "date_value" else held
        return None

    def rows(leads: list[dict[str, Any]], types: dict[str, str], query: str) -> list[dict[str, Any]]:
        typed = {"row": "INTEGER", **types}
        table = api.TableBuilder("leads")
        for name, kind in typed.items():
            table.add_column(name, columns[kind])
        catalog = api.CatalogBuilder("leads").add_table(table.build()).with_builtin_functions(functions).build()
        data = [
            zeta.TableData.Row(cell=[cell(value, kind) for value, kind in zip(lead, typed.values(), strict=True)])
            for lead in numbered(leads, types)
        ]
        builder = api.PreparedQuery.builder().set_sql(query).set_catalog(catalog)
        builder.set_analyzer_options(zeta.AnalyzerOptions(language_options=language))
        builder.set_table_content({"leads": zeta.TableContent(table_data=zeta.TableData(row=data))})
        with builder.prepare() as prepared:
            names = [column.name for column in prepared.columns]
            answer = prepared.execute().content.table_data.row
            return in_order(names, [[plain(value) for value in row.cell] for row in answer])

    yield rows


ENGINE = Engine("bigquery", googlesql_rows, 4, leads=25)


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    """What makes rows of leads."""
    with googlesql_rows() as rows:
        yield rows


def test_typed_leads_agree(rows: Rows) -> None:
    """Every entry, the total, the range, the criteria and the recommendation are those of Python."""

    @settings(max_examples=examples(ENGINE.cards))
    @given(
        card=scorecards() | scorecards_with_axes(), leads=st.lists(LEADS, min_size=ENGINE.leads, max_size=ENGINE.leads)
    )
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        agree(card, leads, ENGINE, rows)

    every_card()


def test_raw_texts_become_the_same_values(rows: Rows) -> None:
    """A raw text is read, found missing or refused as in Python."""
    agree_on_texts(draw_raw_leads(5), ENGINE.dialect, rows)


def test_reasons_agree_with_the_ledger(rows: Rows) -> None:
    """The strongest entries of every lead are those of Python, word for word."""

    @settings(max_examples=examples(3))
    @given(card=scorecards(), leads=st.lists(LEADS, min_size=12, max_size=12))
    def every_card(card: Scorecard, leads: list[dict[str, Any]]) -> None:
        query = Query(AS_OF, columns={"row": "INTEGER", **TYPES}, keep=["row"], explain=True)
        for lead, row in zip(leads, rows(leads, TYPES, sql.select(card, query, "bigquery")), strict=True):
            assert tuple(row[name] for name in list_names(REASON_COLUMNS)) == expected(card, lead)

    every_card()


def test_columns_of_every_type(rows: Rows) -> None:
    """A column is read as its type holds it, or by its text where nobody names it; a collation doesn't matter."""
    card = build_untrained(
        parse_card(
            """
name: types
fields:
  country: {kind: text}
  stage: {kind: text, values: [contact, lead]}
  employees: {kind: number}
  budget: {kind: number}
  created: {kind: date}
  owner: {kind: text}
rules:
  - {name: norway, when: country = 'NO', points: 10, reason: N}
  - {name: contacted, when: stage = 'contact', points: 5, reason: C}
  - {name: small, when: employees <= 10, points: 3, reason: S}
  - {name: low, when: budget <= 10.1, points: 2, reason: L}
  - {name: fresh, when: days_since(created) <= 3, points: 7, reason: F}
  - {name: mine, when: owner = '12', points: 1, reason: M}
"""
        )
    )
    source = {
        "country": ("STRING", "COLLATE('no', 'und:ci')"),
        "stage": ("STRING", "COLLATE('Contact', 'und:ci')"),
        "employees": ("INT64", "5"),
        "budget": ("NUMERIC", "NUMERIC '10.1'"),
        "created": ("TIMESTAMP", "TIMESTAMP '2026-06-27 23:00:00-02:00'"),
        "owner": ("BIGNUMERIC", "BIGNUMERIC '12'"),
    }
    table = f"(SELECT row, {', '.join(f'{value} AS {name}' for name, (_, value) in source.items())} FROM leads)"
    for types in (None, {name: kind for name, (kind, _) in source.items()}):
        query = leadledger.to_sql(card, date(2026, 7, 1), columns=types, keep=["row"], dialect="bigquery")
        (row,) = rows([{}], {}, query.replace("FROM `leads`", f"FROM {table}", 1))
        assert row["points"] == 50.0 + 10 + 5 + 3 + 2 + 7 + 1
