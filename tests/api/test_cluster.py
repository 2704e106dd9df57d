"""A list scored on a Spark cluster of the tests' own, from files to files and from a DataFrame to a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as arrow  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from scoring import load
from scoring.check import as_declared
from scoring.engine import engine
from scoring.printers import sql
from tests import spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def master() -> Iterator[str]:
    """A cluster for the file: the URL of its master."""
    with spark.master() as url:
        yield url


@pytest.fixture
def session(master: str) -> Iterator[SparkSession]:
    """A session on it."""
    with spark.session(master) as found:
        yield found


def test_the_cases_of_the_examples(session: SparkSession, tmp_path: Path) -> None:
    """Each case of each example card comes out as in Python."""
    for path in sorted(Path("examples").glob("*/card.yaml")):
        card = as_declared(load(path).card)
        columns = {one: "VARCHAR" for case in card.card.cases for one in case.lead}
        for day in {case.as_of for case in card.card.cases}:
            cases = [case for case in card.card.cases if case.as_of == day]
            texts = [
                {one: None if case.lead.get(one) is None else str(case.lead[one]) for one in columns} for case in cases
            ]
            named = [{"case": case.name, **lead} for case, lead in zip(cases, texts, strict=True)]
            file = tmp_path / f"{card.card.name}-{day}.parquet"
            schema = arrow.schema([(one, arrow.string()) for one in ("case", *columns)])
            parquet.write_table(arrow.Table.from_pylist(named, schema), file)
            session.read.parquet(str(file)).createOrReplaceTempView("cases")
            query = sql.Query(day, "cases", columns, keep=["case"], checks=True)
            found = {row["case"]: row for row in session.sql(sql.select(card, query, "spark")).collect()}
            for case in cases:
                result = engine(card).score(case.lead, day)
                row = found[case.name]
                assert (row["ll:total"], row["recommendation"]) == (result.tenths, result.recommendation.verdict), case
