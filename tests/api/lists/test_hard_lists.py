"""Lists that are hard to read: each is scored or refused with a clear word, and no row of it is lost."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import leadledger
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.results import ScoredList
from leadledger.scoring.errors import DataError, ScoringError
from leadledger.scoring.scorecard import Scorecard
from tests.case_files import read_cases

LISTS = Path(__file__).parents[2] / "cases" / "lists"
CASES: list[dict[str, Any]] = read_cases("lists/index.yaml")
AS_OF = date(2026, 7, 1)
CARD = """
name: lists
missing: ["n/a"]
fields:
  id: {kind: id}
  need: {kind: text, values: [vague, clear, urgent]}
  budget: {kind: number}
  seen: {kind: date}
rules:
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: Urgent}
  - {name: rich, when: budget >= 1e4, points: 5, reason: Rich}
  - {name: seen, when: days_since(seen) <= 30, points: 8, reason: Seen lately}
stages: [{name: lead}, {name: opportunity, points: 60}]
"""


@pytest.fixture
def card(tmp_path: Path) -> Scorecard:
    """A small card."""
    (tmp_path / "card.yaml").write_text(CARD)
    return leadledger.load(tmp_path / "card.yaml")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file as records."""
    csv.field_size_limit(1 << 27)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check(result: ScoredList, out: Path) -> list[int]:
    """Every row is in one of the two files; returns the numbers of the rejected rows."""
    rejected = sorted({int(row["row"]) for row in rows(Path(result.rejects))})
    assert result.rows == result.scored + result.rejected
    assert (result.scored, result.rejected) == (len(rows(out)), len(rejected))
    return rejected


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_a_hard_list(card: Scorecard, tmp_path: Path, case: dict[str, Any]) -> None:
    """The rows that were written into a list are scored or rejected; what can't be read is refused word for word."""
    path, out = LISTS / case["file"], tmp_path / "out.csv"
    if "refused" in case:
        with pytest.raises(ScoringError) as refused:
            score_list(card, path, out, AS_OF)
        assert str(refused.value).replace(str(path), "FILE") == case["refused"]
        assert not out.exists()
    else:
        result = score_list(card, path, out, AS_OF)
        assert result.rows == case["rows"]
        assert check(result, out) == case["rejects"]


def test_every_hard_list_has_a_case() -> None:
    """A file in the folder is in its index, once."""
    assert sorted(case["file"] for case in CASES) == sorted(
        path.name for path in LISTS.iterdir() if path.name != "index.yaml"
    )


@pytest.mark.parametrize(
    "name", ["windows_1252.csv", "utf_8_bom.csv", "utf_16.csv", "utf_16_be_no_bom.csv", "utf_32.csv"]
)
def test_letters_survive(card: Scorecard, tmp_path: Path, name: str) -> None:
    """A list says the same in every encoding."""
    score_list(card, LISTS / name, tmp_path / "out.csv", AS_OF)
    assert [row["city"] for row in rows(tmp_path / "out.csv")] == ["Malmö", "Besançon", "Genève – „Ville“ €"]


def test_json_values_are_texts_as_written(card: Scorecard, tmp_path: Path) -> None:
    """A number keeps all its digits, a nested value its JSON, null is missing."""
    score_list(card, LISTS / "lines.jsonl", tmp_path / "out.csv", AS_OF)
    first, second = rows(tmp_path / "out.csv")
    assert (first["id"], first["budget"], first["extra"]) == ("1", "20000.00", "")
    assert (second["id"], second["need"], second["extra"]) == ("12345678901234567890123", "", '{"a":[1.10,"x"]}')


def test_excel_values_are_texts(card: Scorecard, tmp_path: Path) -> None:
    """A whole number has no decimals, a day is written as a day, an empty text of a formula is missing."""
    import openpyxl  # type: ignore[import-untyped]

    score_list(card, LISTS / "dates.xlsx", tmp_path / "out.csv", AS_OF)
    assert [(row["budget"], row["seen"]) for row in rows(tmp_path / "out.csv")] == [
        ("20000", "2026-06-30"),
        ("2.5", "2026-01-31"),
        ("1.000,50", ""),
    ]
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["id", "need", "seen", "at"])
    book.active.append([1e15, "urgent", datetime(2026, 6, 30, 12, 30), True])
    book.save(tmp_path / "leads.xlsx")
    score_list(card, tmp_path / "leads.xlsx", tmp_path / "out.csv", AS_OF)
    (row,) = rows(tmp_path / "out.csv")
    assert (row["id"], row["seen"], row["at"]) == ("1000000000000000", "2026-06-30 12:30:00", "true")


def test_a_missing_package_is_named(card: Scorecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without openpyxl, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"pip install 'leadledger\[excel\]'"):
        score_list(card, LISTS / "dates.xlsx", tmp_path / "out.csv", AS_OF)


def wide(path: Path) -> tuple[int, list[int]]:
    """3,000 columns."""
    names = [f"column {i}" for i in range(2_998)]
    path.write_text(
        "\n".join(
            [
                ",".join(["id", "need", *names]),
                *(",".join(["7", "clear"] + ["x"] * 2_998) for _ in "ab"),
                "short,clear",
                "",
            ]
        )
    )
    return 3, [3]


def long_cell(path: Path) -> tuple[int, list[int]]:
    """A cell of 10 MB, and one of 10 MB in lines."""
    path.write_text(
        "id,need,note\n1,clear," + "z" * 10_000_000 + '\n2,urgent,"' + "z\n" * 5_000_000 + '"\n3,clear,x\n4\n'
    )
    return 4, [4]


def long_list(path: Path) -> tuple[int, list[int]]:
    """60 MB, read by several threads: line breaks in quotes, empty lines, and bad rows far from each other."""
    bad = []
    with path.open("w", newline="") as file:
        file.write("id,need,note\n")
        for row in range(1, 500_001):
            if row % 99_991 == 0:
                bad.append(row)
                file.write(f"{row}\n\n")
            else:
                file.write(f'{row},clear,"{"a line" * 15}\n\n{"another" * (row % 9)}"\n')
    return 500_000, bad


def late_bad_bytes(path: Path) -> tuple[int, list[int]]:
    """UTF-8 for megabytes, then one byte that is none, and mixed line ends."""
    path.write_bytes(
        b"id,need\r\n" + b"".join(b"%d,clear\r\n" % i for i in range(1, 200_001)) + b"\xff,clear\n3,vague\n"
    )
    return 200_002, [200_001]


def nothing_but_noise(path: Path) -> tuple[int, list[int]]:
    """One row for each of the signs that CSV, SQL or a shell may trip over."""
    signs = [
        "'",
        '"',
        "\\",
        ";",
        "\t",
        "|",
        "--",
        "/*",
        "$",
        "%",
        "\x01",
        "\x7f",
        "\u2028",
        "\ufeff",
        "😀",
        "NULL",
        "\\N",
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["id", "need", "note"], *([str(i), "clear", sign] for i, sign in enumerate(signs))])
    return len(signs), []


@pytest.mark.slow
@pytest.mark.parametrize("made", [wide, long_cell, long_list, late_bad_bytes, nothing_but_noise])
def test_a_large_list(card: Scorecard, tmp_path: Path, made: Callable[[Path], tuple[int, list[int]]]) -> None:
    """Lists that are made here for being large: rows and rejects are those that were written."""
    path, out = tmp_path / "leads.csv", tmp_path / "out.csv"
    count, bad = made(path)
    result = score_list(card, path, out, AS_OF)
    assert result.rows == count
    assert check(result, out) == bad


def test_a_line_that_is_too_long(card: Scorecard, tmp_path: Path) -> None:
    """A line that is longer than what is read at once is refused, and not left out without a word."""
    path = tmp_path / "leads.csv"
    path.write_text("id,need,note\n1,clear,x\n2,clear," + "z" * 17_000_000 + "\n3,clear,x\n")
    with pytest.raises(DataError, match="a line is longer than 16,000,000 bytes, at byte 23; no row"):
        score_list(card, path, tmp_path / "out.csv", AS_OF)


@pytest.mark.slow
def test_a_quote_that_never_ends(card: Scorecard, tmp_path: Path) -> None:
    """A quote that is open over 50 MB is named with its row; nobody can say what the rows behind it are."""
    path = tmp_path / "leads.csv"
    with path.open("w") as file:
        file.write("id,need\n")
        file.writelines(f"{i},clear\n" for i in range(1, 100_000))
        file.write('100000,"open\n')
        file.writelines(f"{i},{'y' * 40}\n" for i in range(1, 1_000_000))
    with pytest.raises(DataError) as refused:
        score_list(card, path, tmp_path / "out.csv", AS_OF)
    assert str(refused.value) == (
        f"{path}: row 100,000 has a quote (\") that is never closed, so the rows after it can't be told apart;"
        " close or remove it"
    )


def test_standard_input(card: Scorecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash is standard input; its bytes say of which kind."""
    for name, count in (
        ("plain.csv", 3),
        ("packed.csv.gz", 3),
        ("types.parquet", 2),
        ("dates.xlsx", 5),
        ("lines.jsonl", 7),
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((LISTS / name).read_bytes())))
        assert score_list(card, Path("-"), tmp_path / "out.csv", AS_OF).rows == count
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(DataError, match="standard input: the file is empty"):
        score_list(card, Path("-"), tmp_path / "out.csv", AS_OF)


def test_gzip_of_every_kind(card: Scorecard, tmp_path: Path) -> None:
    """The kind of a compressed file is that of what is inside."""
    for name, count in (("utf_16.csv", 3), ("types.parquet", 2), ("lines.jsonl", 7)):
        path = tmp_path / f"{name}.gz"
        path.write_bytes(gzip.compress((LISTS / name).read_bytes()))
        assert score_list(card, path, tmp_path / "out.csv", AS_OF).rows == count


def test_folders_and_patterns_of_parquet(card: Scorecard, tmp_path: Path) -> None:
    """The files of a folder are one list, in the order of their names; folders named like day=1 are columns."""
    folder = tmp_path / "leads [1]"
    folder.mkdir()
    with pytest.raises(DataError, match="the folder holds no Parquet files"):
        score_list(card, folder, tmp_path / "out.csv", AS_OF)
    source = "SELECT i AS id, 'clear' AS need, i % 3 AS part FROM range(9) t(i)"
    duckdb.execute(f"COPY ({source}) TO '{folder}' (FORMAT parquet, PARTITION_BY (part), OVERWRITE_OR_IGNORE)")
    assert score_list(card, folder, tmp_path / "out.csv", AS_OF).rows == 9
    assert [(row["id"], row["part"]) for row in rows(tmp_path / "out.csv")][:4] == [
        ("0", "0"), ("3", "0"), ("6", "0"), ("1", "1")
    ]  # fmt: skip
    several = tmp_path / "several"
    several.mkdir()
    for i in (1, 2):
        duckdb.execute(f"COPY (SELECT {i} AS id, 'clear' AS need) TO '{several}/leads{i}.parquet'")
    assert score_list(card, several / "leads*.parquet", tmp_path / "out.csv", AS_OF).rows == 2
    with pytest.raises(DataError, match="there are no Parquet files that match"):
        score_list(card, several / "others*.parquet", tmp_path / "out.csv", AS_OF)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "there is no such file"),
        ("plain.csv/leads.csv", "can't be opened"),
        ("a" * 300, "can't be opened"),
    ],
)
def test_a_path_that_can_not_be_read(card: Scorecard, tmp_path: Path, name: str, message: str) -> None:
    """A path that leads nowhere is refused."""
    (tmp_path / "plain.csv").write_text("id\n1\n")
    with pytest.raises(DataError, match=message):
        score_list(card, tmp_path / name, tmp_path / "out.csv", AS_OF)


@pytest.mark.slow
def test_late_keys_of_json_lines_are_columns(card: Scorecard, tmp_path: Path) -> None:
    """The columns are the union of the keys of the whole file, however late they come."""
    path = tmp_path / "leads.json"
    records = [{"id": i, "need": "clear"} for i in range(20_000)] + [{"budget": 1, "late": "here"}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    result = score_list(card, path, tmp_path / "out.csv", AS_OF)
    assert check(result, tmp_path / "out.csv") == []
    assert (result.rows, result.fit.unused) == (20_001, ("late",))
