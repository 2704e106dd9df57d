"""The same leads through every way in: the same points, recommendation and entries, or the same refusal."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from pyarrow import parquet

import leadledger
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.scoring.errors import LeadError
from leadledger.scoring.result import Result
from tests.awkward_leads import AS_OF, CARD, Lead, list_every_value, lists_of_leads
from tests.command_line import run
from tests.effort import examples

# What becomes of a lead: points and recommendation, or the fields and reasons of its refusal.
Fate = tuple[float, str] | frozenset[tuple[str, str]]


def fate_of_row(points: float, recommendation: str | None) -> Fate:
    """The fate of a scored lead."""
    return round(float(points), 1), recommendation or ""


class Ways:
    """The ways in; each gives the fates of leads, in their order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "card.yaml"
        self.path.write_text(CARD, "utf-8")
        self.card = leadledger.load(self.path)

    def python(self, leads: Sequence[Lead]) -> list[Fate]:
        """One lead after the other, in Python: what all others are held against."""
        return [self.read_one(lead) for lead in leads]

    def read_one(self, lead: Mapping[str, Any]) -> Fate:
        """A lead in Python."""
        try:
            result = leadledger.score(self.card, lead, AS_OF)
        except LeadError as error:
            return frozenset((problem.path.removeprefix("$."), problem.reason) for problem in error.problems)
        return self.fate_of(result)

    def fate_of(self, result: Result) -> Fate:
        """The fate of a lead, by its result."""
        return fate_of_row(result.points, result.recommendation and result.recommendation.verdict)

    def commas(self, leads: Sequence[Lead]) -> list[Fate]:
        """A CSV file with commas and the quotes that it needs."""
        return self.score_file(self.write_csv(leads))

    def semicolons(self, leads: Sequence[Lead]) -> list[Fate]:
        """A CSV file with semicolons, as a sheet writes it."""
        return self.score_file(self.write_csv(leads, delimiter=";", lineterminator="\r\n"))

    def quoted_tabs(self, leads: Sequence[Lead]) -> list[Fate]:
        """A file with tabs, and each value in quotes."""
        return self.score_file(self.write_csv(leads, delimiter="\t", quoting=csv.QUOTE_ALL))

    def standard_input(self, leads: Sequence[Lead]) -> list[Fate]:
        """Standard input."""
        text = self.write_csv(leads).read_text("utf-8")
        out = self.folder / "out.jsonl"
        result = run("score", "-", "-o", out, "--card", self.path, "--as-of", AS_OF, stdin=text)
        assert result.exit_code == 0 or "none can be scored" in result.output
        return self.read_scores(len(leads))

    def json_lines(self, leads: Sequence[Lead]) -> list[Fate]:
        """JSON lines."""
        (self.folder / "leads.jsonl").write_text("".join(f"{json.dumps(lead)}\n" for lead in leads), "utf-8")
        return self.score_file(self.folder / "leads.jsonl")

    def parquet(self, leads: Sequence[Lead]) -> list[Fate]:
        """A Parquet file."""
        parquet.write_table(pa.Table.from_pylist(list(leads)), self.folder / "leads.parquet")
        return self.score_file(self.folder / "leads.parquet")

    def pandas(self, leads: Sequence[Lead]) -> list[Fate]:
        """A frame of pandas."""
        return self.score_frame(pd.DataFrame(leads), lambda frame: frame.astype(object).to_dict("records"))

    def polars(self, leads: Sequence[Lead]) -> list[Fate]:
        """A frame of Polars."""
        return self.score_frame(pl.DataFrame(leads), lambda frame: frame.to_dicts())

    def excel(self, leads: Sequence[Lead]) -> list[Fate]:
        """A sheet of texts."""
        book = openpyxl.Workbook()
        for row, values in enumerate([list(leads[0]), *(list(lead.values()) for lead in leads)], start=1):
            for column, value in enumerate(values, start=1):
                cell = book.active.cell(row, column)
                cell.value, cell.data_type = value, "s"  # `=1+1` is no formula
        book.save(self.folder / "leads.xlsx")
        return self.score_file(self.folder / "leads.xlsx")

    def write_csv(self, leads: Sequence[Lead], **dialect: Any) -> Path:
        """A file of a dialect."""
        path = self.folder / "leads.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, **dialect)
            writer.writerow(leads[0])
            writer.writerows(lead.values() for lead in leads)
        return path

    def score_file(self, path: Path) -> list[Fate]:
        """A list of any kind, scored by DuckDB."""
        scored = score_list(self.card, path, self.folder / "out.jsonl", AS_OF, Wanted())
        return self.read_scores(scored.rows)

    def read_scores(self, rows: int) -> list[Fate]:
        """The fates of the rows of a list: scored ones in their order, the others by their number."""
        refused: dict[int, set[tuple[str, str]]] = {}
        with (self.folder / "out.rejects.csv").open(encoding="utf-8", newline="") as file:
            for reject in csv.DictReader(file):
                refused.setdefault(int(reject["row"]), set()).add((reject["column"], reject["reason"]))
        out = self.folder / "out.jsonl"
        lines = out.read_text("utf-8").splitlines() if len(refused) < rows else []  # rejects alone: no output
        scored = iter([fate_of_row(row["points"], row["recommendation"]) for row in map(json.loads, lines)])
        fates = [frozenset(refused[i]) if i in refused else next(scored) for i in range(1, rows + 1)]
        assert next(scored, None) is None
        return fates

    def score_frame(self, frame: Any, list_rows: Callable[[Any], list[dict[str, Any]]]) -> list[Fate]:
        """A frame; a problem is its columns and reasons in one text."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = list_rows(leadledger.score_frame(self.card, frame, AS_OF))
        return [
            frozenset({("", row["problem"])})
            if isinstance(row["problem"], str)
            else fate_of_row(row["points"], row["recommendation"])
            for row in rows
        ]


LISTS = [Ways.commas, Ways.semicolons, Ways.quoted_tabs, Ways.json_lines, Ways.parquet, Ways.pandas, Ways.polars]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """The ways in, for one card."""
    return Ways(tmp_path_factory.mktemp("ways"))


def as_text(fate: Fate) -> Fate:
    """A refusal as frames word it, all in one text."""
    if isinstance(fate, tuple):
        return fate
    return frozenset({("", "; ".join(sorted(f"{column}: {reason}" for column, reason in fate)))})


def sorted_parts(fate: Fate, columns: Sequence[str]) -> Fate:
    """As `as_text`, for the text of a frame, whose parts stand in the order of the card."""
    if isinstance(fate, tuple):
        return fate
    ((_, text),) = fate
    starts = sorted(at for column in columns if (at := find_start(text, column)) >= 0)
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return frozenset({("", "; ".join(sorted(part.removesuffix("; ") for part in parts)))})


def find_start(text: str, column: str) -> int:
    """Where in the text of a frame the problem of a column begins; -1: it has none."""
    if text.startswith(f"{column}: "):
        return 0
    at = text.find(f"; {column}: ")
    return at + 2 if at >= 0 else at


@pytest.mark.parametrize("way", LISTS, ids=lambda way: way.__name__)
def test_every_value_is_read_as_of_a_lead(ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]]) -> None:
    """Each awkward value of each field is read, or refused, in a list as in a lead by itself."""
    _expect(ways, way, list_every_value())


@pytest.mark.parametrize("way", LISTS, ids=lambda way: way.__name__)
@given(leads=lists_of_leads())
@settings(max_examples=examples(30))
def test_lists_are_read_as_leads_are(
    ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]], leads: list[Lead]
) -> None:
    """Each row of a list has the fate that the lead has by itself."""
    _expect(ways, way, leads)


@pytest.mark.parametrize("way", [Ways.standard_input, Ways.excel], ids=lambda way: way.__name__)
@pytest.mark.slow
def test_every_value_of_a_costly_list_is_read_as_of_a_lead(
    ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]]
) -> None:
    """So is each value of standard input and of a workbook."""
    _expect(ways, way, list_every_value())


@pytest.mark.parametrize("way", [Ways.standard_input, Ways.excel], ids=lambda way: way.__name__)
@pytest.mark.slow
@given(leads=lists_of_leads())
@settings(max_examples=examples(30))
def test_costly_lists_are_read_as_leads_are(
    ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]], leads: list[Lead]
) -> None:
    """So do the rows of standard input and of a workbook."""
    _expect(ways, way, leads)


def _expect(ways: Ways, way: Callable[[Ways, list[Lead]], list[Fate]], leads: list[Lead]) -> None:
    fates, expected = way(ways, leads), ways.python(leads)
    if way in (Ways.pandas, Ways.polars):
        fates, expected = [sorted_parts(fate, list(leads[0])) for fate in fates], list(map(as_text, expected))
    assert fates == expected
