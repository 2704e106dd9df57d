"""A scorecard as a model of dbt, with its tests: the printed SELECT, whose table and day dbt puts in when it runs.

https://docs.getdbt.com/docs/build/sql-models, https://docs.getdbt.com/docs/build/data-tests
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from leadledger.scoring.errors import DataError, PrinterError, quote
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.printers.comments import comment_text
from leadledger.scoring.printers.sql.points import PointsPrinter
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.printers.sql.select import SelectPrinter, to_sql
from leadledger.scoring.printers.sql.source import find_dialect, from_item
from leadledger.scoring.scorecard import Scorecard

MARK = "written by leadledger dbt"  # in the first line of each file; one without it is somebody's own
_DAYS = (date(1903, 7, 14), date(1907, 11, 29))  # that no card names: what differs between the two is the day
_TABLE = "ll_dbt_source"
_TABLE_PATTERN = re.compile(rf'["`]?\b{_TABLE}\b["`]?', re.IGNORECASE)
_JINJA_PATTERN = re.compile(r"\{[{%#]")
_NAME_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DAY = "ll_as_of"  # of Jinja


@dataclass(frozen=True)
class DbtModel:
    """What a model of dbt is to have.

    `name` is that of the model, `relation` the model, seed or snapshot that it reads, or as `source.table` a table of a
    source; `key` the column of its rows that is unique. `columns` and `keep` are as for `to_sql`.
    """

    name: str
    relation: str
    key: str
    is_source: bool = False
    dialect: str = "duckdb"
    columns: Mapping[str, str | None] | None = None
    keep: Sequence[str] = ()
    explain: bool = False


def write_dbt_files(card: Scorecard, model: DbtModel) -> dict[str, str]:
    """The files of a model by their paths in a project: the model, its columns with their tests, a test of its own.

    The model scores as of `var('as_of')`, or as of the day on which dbt runs, in the card's time zone. Raises DataError
    for names that dbt doesn't take and for cards whose SQL needs a fixed day, PrinterError.
    """
    relation = _write_relation(model)
    if not _NAME_PATTERN.fullmatch(model.name):
        raise DataError(f"{quote(model.name)} can't name a model; use letters, digits and _")
    if card.card.events:
        raise DataError(
            f"the card '{card.card.name}' counts events, and their windows are days that stand in the SELECT; print it"
            " every day with `leadledger sql`"
        )
    head = f"-- {comment_text(card.card.name)} {comment_text(card.release)}".rstrip()
    first = f"{_escape(head)}, {MARK}: write it again after a release, don't edit it"
    day = _write_day(card)
    after = f"-- depends_on: {{{{ ref('{model.name}') }}}}, so that it runs with the model"
    config = "{{ config(materialized='table') }}"
    scored = _print_template(card, model, relation, ledger=False)
    ledger = _print_template(card, model, relation, ledger=True)
    return {
        f"models/leadledger/{model.name}.sql": f"{first}\n{config}\n{day}\n{scored}\n",
        f"models/leadledger/{model.name}.yml": f"# {MARK}\n{_write_columns(card, model)}",
        f"tests/{model.name}_ledgers_add_up.sql": f"{first}\n{after}\n{day}\n{_write_sum(card, model, ledger)}\n",
    }


def _write_relation(model: DbtModel) -> str:
    parts = model.relation.split(".")
    if not all(map(_NAME_PATTERN.fullmatch, parts)) or len(parts) > 2 or (model.is_source and len(parts) != 2):
        form = "like --source crm.leads" if model.is_source else "like --ref leads"
        raise DataError(f"{quote(model.relation)} can't be what a model reads; name it {form}")
    function = "source" if model.is_source else "ref"
    return f"{{{{ {function}({', '.join(repr(part) for part in parts)}) }}}}"


def _write_day(card: Scorecard) -> str:
    """The day in Jinja: that of the variable, or today."""
    zone = card.card.time_zone
    now = "run_started_at" if zone == "UTC" else f"run_started_at.astimezone(modules.pytz.timezone({zone!r}))"
    return f"{{% set {_DAY} = var('as_of', {now}.strftime('%Y-%m-%d')) %}}"


def _print_template(card: Scorecard, model: DbtModel, relation: str, *, ledger: bool) -> str:
    """The SELECT with the table and the day in Jinja. Raises PrinterError where it has the day in another form."""
    keep = dict.fromkeys((model.key, *model.keep))
    templates = set()
    for day in _DAYS:
        printed = to_sql(
            card,
            day,
            source=_TABLE,
            columns=model.columns,
            keep=[*keep],
            dialect=model.dialect,
            explain=model.explain and not ledger,
            plus_minus=model.explain and not ledger,
            ledger=ledger,
        )
        _, _, select = printed.partition("\n")  # the first line is ours
        escaped = _escape(select).replace(f"'{day.isoformat()}'", f"'{{{{ {_DAY} }}}}'")
        templates.add(_TABLE_PATTERN.sub(relation, escaped))
    if len(templates) > 1:
        raise PrinterError(
            f"the SELECT of the card '{card.card.name}' depends on its day in a way that dbt can't put in; print it"
            " every day with `leadledger sql`"
        )
    return templates.pop()


def _escape(sql: str) -> str:
    """SQL that Jinja leaves as it is, whatever the texts of a card hold."""
    return _JINJA_PATTERN.sub(lambda match: f"{{{{ '{match[0]}' }}}}", sql)


def _write_columns(card: Scorecard, model: DbtModel) -> str:
    """The YAML that describes the columns, with their tests."""
    grades = [*dict.fromkeys([*(name for name, _ in card.card.grades), card.card.below])]
    key: dict[str, Any] = {"name": model.key, "data_tests": ["unique", "not_null"]}
    if not re.fullmatch("[a-z_][a-z0-9_]*", model.key):
        key["quote"] = True
    in_words = (
        f"Scores of the leads by {f'release {card.release} of ' if card.release else ''}the card '{card.card.name}'"
    )
    columns = [
        key,
        {
            "name": "score",
            "description": "The total as a whole number, 0 to 100; NULL where a value of the lead can't be read",
            "data_tests": [{"not_null": {"config": {"severity": "warn"}}}],
        },
        {"name": "points", "description": "The total in points, of which 10 more double the odds"},
        {"name": "probability", "description": "The chance of the stage that scores predict, 0 to 1"},
        {
            "name": "grade",
            "description": "The grade of the total",
            "data_tests": [{"accepted_values": {"arguments": {"values": grades}}}],
        },
        {
            "name": "recommendation",
            "description": "What to do",
            "data_tests": [{"accepted_values": {"arguments": {"values": [*VERDICTS]}}}],
        },
    ]
    content = {"version": 2, "models": [{"name": model.name, "description": in_words, "columns": columns}]}
    return yaml.safe_dump(_escape_all(content), sort_keys=False, allow_unicode=True, width=110)


def _escape_all(content: Any) -> Any:
    """The texts of a YAML file, which dbt reads as Jinja too."""
    if isinstance(content, dict):
        return {name: _escape_all(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_escape_all(value) for value in content]
    return _escape(content) if isinstance(content, str) else content


def _write_sum(card: Scorecard, model: DbtModel, ledger: str) -> str:
    """A SELECT of the leads whose entries don't add up to their points; dbt fails where it finds one."""
    dialect = find_dialect(model.dialect)
    query = Query(_DAYS[0], from_item(_TABLE, "", dialect, model.dialect), None, [model.key], ledger=True)
    points: PointsPrinter = SelectPrinter(card, query, dialect).points
    entries = [f"COALESCE(scored.{_escape(dialect.name(name))}, 0)" for name in points.entry_names()]
    total = "\n    + ".join([str(card.learned.start), *entries])
    tenths = f"ROUND(scored.{dialect.name('points')} * 10)"
    return f"SELECT * FROM (\n{ledger}\n) AS scored\nWHERE {tenths} <> (\n    {total}\n)"
