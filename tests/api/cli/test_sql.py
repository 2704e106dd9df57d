"""`leadledger sql`: the SELECT that it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import run


def test_sql_prints_a_query_that_runs(small: Path, tmp_path: Path) -> None:
    """The printed SELECT gives the points of the card, with the columns of a file or of the card."""
    import duckdb

    leads = tmp_path / "leads.csv"
    leads.write_text("id,need\n1,clear\n2,maybe\n")
    text = run("sql", "--card", small, "--data", leads, "--keep", "id", "--as-of", "2026-07-01").stdout
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE leads AS SELECT 1 AS id, 'clear' AS need UNION ALL SELECT 2, 'maybe'")
        rows = connection.execute(text).fetchall()
        assert rows == [(1, 60, 60.0, None, "B", "keep", None), (2, *[None] * 6)]
        connection.execute("ALTER TABLE leads ADD COLUMN won BOOLEAN")
        assert connection.execute(run("sql", "--card", small).stdout).fetchall() == [row[1:] for row in rows]


NOTES = {
    "bigquery": "run on GoogleSQL's reference implementation, not on BigQuery",
    "snowflake": "untested on the engine",
}


@pytest.mark.parametrize("dialect", NOTES)
def test_sql_says_what_is_untested(small: Path, dialect: str) -> None:
    """The first line, and the help, say that nobody has asked the engine."""
    text = run(
        "sql", "--card", small, "--dialect", dialect, "--from", "shop.crm.leads", "--where", "need = 'clear'"
    ).stdout
    assert text.split("\n")[0].endswith(NOTES[dialect])
    page = " ".join(run("sql", "--help").output.split())
    assert "bigquery or snowflake; nobody has run the last two on the engine itself" in page


def test_types_of_columns(small: Path, tmp_path: Path) -> None:
    """`--column` says what the engine calls the type of one; those of a Parquet file are known, those of a CSV not."""
    import duckdb

    text = run("sql", "--card", small, "--dialect", "bigquery", "--column", "need=STRING(10)").stdout
    assert "COLLATE(CAST(`need` AS STRING), '')" in text
    failed = run("sql", "--card", small, "--column", "neeed=TEXT").output
    assert "--column: no field of the card 'small' has a column 'neeed'. Did you mean 'need'?" in failed
    failed = run("sql", "--card", small, "--column", "need").output
    assert "'need' is no column and its type; write it like employees=INT64" in " ".join(failed.split())
    leads = tmp_path / "leads.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS id, true AS won, 'clear' AS need) TO '{leads}'")
    assert 'CAST("won"' not in run("sql", "--card", small, "--data", leads).stdout


def test_names_and_rows_of_the_table(small: Path) -> None:
    """`--filter` stands beside FROM, and `--quoted-names` asks for names letter by letter."""
    options = ["--dialect", "snowflake", "--filter", "day > '2026-01-01'", "--quoted-names"]
    text = run("sql", "--card", small, *options).stdout
    assert "FROM (SELECT * FROM \"leads\" WHERE day > '2026-01-01'\n) AS leads" in text
    assert '"need"' in text
