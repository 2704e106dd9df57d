"""What an engine lacks is refused with its name and what to do instead, before anything is read or written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from leadledger.api.lists.capabilities import ENGINES, find_unsupported, refuse_unsupported
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.postgres import score_table
from leadledger.api.lists.spark import score_folder
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.outputs import list_names
from leadledger.scoring.scorecard import build_untrained

AS_OF = date(2026, 1, 31)
CARD = build_untrained(parse_card("{name: small, fields: {id: {kind: id}}, stages: [{name: lead}]}"))
WISHES = {
    "explain": Wanted(explain=True),
    "prefix": Wanted(prefix="lead_"),
    "where": Wanted(where="id is null"),
    "only": Wanted(only=("promote",)),
    "top": Wanted(top=5),
    "best_first": Wanted(best_first=True),
    "columns": Wanted(columns=("score",)),
    "ledger": Wanted(ledger="entries"),
    "rejects": Wanted(rejects="rejects"),
    "guard_formulas": Wanted(guard_formulas=True),
    "events": Wanted(events=Path("events.csv")),
    "events_table": Wanted(events_table="happened"),
    "log": Wanted(log=True),
}
LACKING = [(engine, wish) for engine, capabilities in ENGINES.items() for wish in capabilities.lacks]


def test_every_wish_is_tried() -> None:
    """A new member of `Wanted` is tried on every engine, and an engine lacks no wish that isn't there."""
    assert list(WISHES) == [member.name for member in fields(Wanted)]
    assert {wish for _, wish in LACKING} <= set(WISHES)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_an_engine_lacks(engine: str) -> None:
    """Each wish alone is refused where the engine lacks it, and only there."""
    refused = [wish for wish, wanted in WISHES.items() if find_unsupported(ENGINES[engine], wanted) is not None]
    assert sorted(refused) == sorted(ENGINES[engine].lacks)
    refuse_unsupported(ENGINES[engine], Wanted())


@pytest.mark.parametrize(("engine", "wish"), LACKING)
def test_an_engine_refuses_what_it_lacks(engine: str, wish: str, tmp_path: Path) -> None:
    """The refusal comes first: there is no list, no server and no cluster here."""
    missing, out, wanted = tmp_path / "leads.csv", tmp_path / "out.csv", WISHES[wish]
    run: dict[str, Callable[[], object]] = {
        "duckdb": lambda: score_list(CARD, missing, out, AS_OF, wanted),
        "postgres": lambda: score_table(CARD, "postgresql://127.0.0.1:1/none", "leads", "scores", AS_OF, wanted),
        "spark": lambda: score_folder(CARD, str(missing), str(out), AS_OF, wanted, master="spark://127.0.0.1:1"),
    }
    with pytest.raises(DataError) as refused:
        run[engine]()
    assert str(refused.value) == f"{wish} {ENGINES[engine].lacks[wish]}"


@pytest.mark.parametrize(
    ("engine", "columns"),
    [
        ("duckdb", ("row", "column", "value", "reason")),
        ("postgres", ("id", "column", "value", "reason")),
        ("spark", ("file", "row", "id", "column", "value", "reason")),
    ],
)
def test_the_columns_of_rejects(engine: str, columns: tuple[str, ...]) -> None:
    """The same of a value in every engine, behind where it stands."""
    assert list_names(ENGINES[engine].reject_columns) == columns
