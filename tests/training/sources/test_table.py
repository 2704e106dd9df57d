"""Files of leads: every row is read or kept apart with its number and reason; a bad file is refused in plain words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from leadledger.scoring.errors import DataError
from leadledger.training.sources.scan import Reject
from leadledger.training.sources.table import connect, read_list

BAD = {
    "empty": (b"", "the file is empty; it needs a header line with the names of the columns"),
    "header only": (b"a,b\n", "has a header and no rows"),
    "blank first line": (b"\n\n1,2\n", "the first line is empty; it must hold the names of the columns"),
    "binary": (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        "is not a list but binary data; name a CSV, Parquet, JSON lines or Excel file",
    ),
    "spreadsheet": (
        b"PK\x03\x04\x14\x00",
        "is an archive, or a damaged workbook; unpack it and name the list",
    ),
    "compressed": (b"\x1f\x8b\x08\x00", "the compressed file is cut off; copy or download it again"),
    "cyrillic": (
        "ж,ю\nжю,юж\n".encode("cp1251"),
        "line 1 is not UTF-8 text (byte 0xe6), and not Western text of Windows either; save the file as CSV (UTF-8)",
    ),
    "a name twice": (b"a,A\n1,2\n", "two columns have the name 'A'; rename one of them"),
    "a column without a name": (b"a,,c\n1,2,3\n", "column 2 has no name; give it one in the first line"),
    "no row like the header": (
        b"a,b\n1\n2\n",
        "no row can be read; the first one, row 1, has fewer columns than the header",
    ),
}


@pytest.fixture
def duck() -> duckdb.DuckDBPyConnection:
    """An embedded DuckDB."""
    return connect()


def rows(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """The kept rows, with their numbers."""
    return connection.execute('SELECT * FROM leads ORDER BY "ll:row"').fetchall()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused(duck: duckdb.DuckDBPyConnection, tmp_path: Path, name: str) -> None:
    """The message names the file, what is wrong, and how to mend it."""
    content, message = BAD[name]
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("path", "message"),
    [("missing.csv", "there is no such file"), (".", "the folder holds no Parquet files")],
)
def test_a_path_that_is_no_file_is_refused(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, path: str, message: str
) -> None:
    """A missing file and a folder get messages of their own."""
    with pytest.raises(DataError) as refused:
        read_list(duck, tmp_path / path)
    assert str(refused.value) == f"{tmp_path / path}: {message}"


def test_a_broken_parquet_file_is_refused(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A file that only claims to be Parquet gets a message, and no traceback."""
    path = tmp_path / "leads.parquet"
    path.write_bytes(b"PAR1" + b"x" * 50)
    with pytest.raises(DataError, match="can't be read as Parquet"):
        read_list(duck, path)


@pytest.mark.slow
def test_rows_that_are_no_rows_are_kept_apart(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Too few columns, too many, an open quote, broken bytes: each with its row number; the others keep theirs."""
    path = tmp_path / "leads.csv"
    filler = b"".join(b"%d,x\n" % i for i in range(7, 300_000))  # beyond the part that is looked at beforehand
    path.write_bytes(b'a,b\n1,"x\ny"\n2\n3,z\n4,5,6\n"5\nstill",ok\n6,7\n' + filler + b'bad,\xff\n9,"open\n')
    source = read_list(duck, path)
    kept = rows(duck)
    assert kept[:4] == [(1, "1", "x\ny"), (3, "3", "z"), (5, "5\nstill", "ok"), (6, "6", "7")]
    assert kept[4] == (7, "7", "x")
    assert kept[-1] == (299_999, "299999", "x")
    assert source.rejects[:2] == (
        Reject(2, "", "2", "has fewer columns than the header"),
        Reject(4, "", "4,5,6", "has more columns than the header"),
    )
    assert [reject.row for reject in source.rejects[2:]] == [300_000, 300_001]
    assert source.rejects[2].reason == "is not UTF-8 text"
    assert source.rows + len(source.rejects) == 300_001


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_broken_rows_of_one_sign_before_empty_lines(duck: duckdb.DuckDBPyConnection, tmp_path: Path, end: str) -> None:
    """Empty lines are no rows, and those behind a broken row don't change its number."""
    path = tmp_path / "leads.csv"
    path.write_bytes(end.join(["a,b", "", "1", "", "", "2,x", "3", "", "4,y", ""]).encode())
    source = read_list(duck, path)
    assert [(reject.row, reject.value) for reject in source.rejects] == [(1, "1"), (3, "3")]
    assert rows(duck) == [(2, "2", "x"), (4, "4", "y")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_and_line_ends_are_found(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, delimiter: str, end: str
) -> None:
    """A comma, a semicolon, a tab or a bar; Unix and Windows line ends; a byte order mark or none."""
    path = tmp_path / "leads.csv"
    text = end.join([delimiter.join(["a", "b c", '"q""x"']), delimiter.join(["1", "", "é"]), ""])
    path.write_text(text, "utf-8-sig", newline="")
    assert list(read_list(duck, path).columns) == ["a", "b c", 'q"x']
    assert rows(duck) == [(1, "1", None, "é")]


def test_a_strange_path_is_a_path(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Quotes, brackets and stars in a file name are no SQL and no pattern."""
    (tmp_path / "other.csv").write_text("a\n2\n")
    path = tmp_path / "it's [a] *.csv"
    path.write_text("a\n1\n")
    assert read_list(duck, path).rows == 1
    assert rows(duck) == [(1, "1")]


def test_texts_stay_texts(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Nothing is guessed about a CSV column: 007 keeps its zeros."""
    path = tmp_path / "leads.csv"
    path.write_text("zip,flag,day\n007,TRUE,2026-01-31\n")
    assert dict(read_list(duck, path).columns) == dict.fromkeys(("zip", "flag", "day"), "VARCHAR")
    assert rows(duck) == [(1, "007", "TRUE", "2026-01-31")]


def test_a_data_frame_is_a_table(duck: duckdb.DuckDBPyConnection) -> None:
    """A pandas DataFrame keeps its types; an empty one is refused."""
    source = read_list(duck, pd.DataFrame({"n": [1.5, None], "t": ["x", None], "f": [True, False]}))
    assert source.columns == {"n": "DOUBLE", "t": "VARCHAR", "f": "BOOLEAN"}
    assert rows(duck) == [(1, 1.5, "x", True), (2, None, None, False)]
    with pytest.raises(DataError, match="the data frame has no rows"):
        read_list(duck, pd.DataFrame({"n": []}))
