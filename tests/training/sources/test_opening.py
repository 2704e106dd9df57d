"""Files that are no lists, or are made to do harm: each is refused by its name, and leaves nothing behind."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import duckdb
import pytest

from leadledger.scoring.errors import DataError
from leadledger.training.sources.reading import ReadingOptions
from leadledger.training.sources.table import connect, read_list
from leadledger.training.sources.work_folder import work_folder
from tests.golden_files import ROOT

ENCRYPTED = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
FOREIGN = {
    "old.xls": (
        b"\x09\x08\x10\x00\x00\x06\x05\x00",
        "is a workbook in the old format (.xls); save it as .xlsx or as CSV (UTF-8)",
    ),
    "secret.xlsx": (ENCRYPTED, "is a workbook with a password; save it without, as .xlsx or as CSV (UTF-8)"),
    "leads.bz2": (b"BZh91AY&SY", "is compressed by bzip2; unpack it and name the list, or compress it by gzip"),
    "leads.7z": (b"7z\xbc\xaf\x27\x1c\x00", "is an archive (.7z); unpack it and name the list"),
    "leads.db": (
        b"SQLite format 3\0",
        "is a database of SQLite; export the list from there as CSV (UTF-8)",
    ),
    "leads.feather": (b"ARROW1\0\0", "is a file of Arrow (Feather); write it as Parquet"),
}
ARCHIVES = {
    "leads.ods": (
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"},
        "is a sheet of LibreOffice (.ods); save the sheet as .xlsx or as CSV (UTF-8)",
    ),
    "leads.numbers": (
        {"Index/Document.iwa": b"x"},
        "is a document of Numbers; export it as Excel or as CSV (UTF-8)",
    ),
    "leads.xlsb": (
        {"xl/workbook.bin": b"x"},
        "is a binary workbook (.xlsb); save the sheet as .xlsx or as CSV (UTF-8)",
    ),
    "leads.zip": ({"leads.csv": b"id\n1\n"}, "is an archive, or a damaged workbook; unpack it and name the list"),
}


@pytest.fixture
def duck() -> duckdb.DuckDBPyConnection:
    """An embedded DuckDB."""
    return connect()


@pytest.mark.parametrize("name", [*FOREIGN, *ARCHIVES])
def test_another_kind_of_file_is_named(duck: duckdb.DuckDBPyConnection, tmp_path: Path, name: str) -> None:
    """The message says what the file is, and what to do instead."""
    path = tmp_path / name
    if name in FOREIGN:
        content, message = FOREIGN[name]
        path.write_bytes(content)
    else:
        parts, message = ARCHIVES[name]
        with zipfile.ZipFile(path, "w") as archive:
            for part, data in parts.items():
                archive.writestr(part, data)
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value) == f"{path}: {message}"


def test_options_are_for_some_kinds_only(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A sheet of a text, and a header row of JSON lines, are refused."""
    text, lines = tmp_path / "leads.csv", tmp_path / "leads.jsonl"
    text.write_text("id,need\n1,a\n")
    lines.write_text('{"id": 1}\n')
    with pytest.raises(DataError) as refused:
        read_list(duck, text, ReadingOptions(sheet="Leads"))
    assert str(refused.value) == f"{text}: --sheet Leads: is a text, and no workbook with sheets"
    with pytest.raises(DataError) as refused:
        read_list(duck, lines, ReadingOptions(header_row=2))
    assert str(refused.value) == (
        f"{lines}: --sheet and --header-row are for workbooks and delimited text, not for JSON lines"
    )


def test_a_bomb_is_refused(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A small file that unpacks to far too much is refused before it fills the disk."""
    path = tmp_path / "leads.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"id,need\n")
        for _ in range(20):
            file.write(b"1,a\n" * (1 << 20))
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert "unpacks to more than 200 times its size, " in str(refused.value)
    assert str(refused.value).endswith(" bytes so far, as no list does; if it is one, unpack it with gunzip")


def test_a_full_disk_is_said(duck: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the temporary folder has no room for is refused, with the way to another folder."""
    path = tmp_path / "leads.csv.gz"
    path.write_bytes(gzip.compress(b"id,need\n1,a\n"))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value) == (
        f"{path}: the temporary folder {tempfile.gettempdir()} has no room for it after 12 bytes; name a larger one in"
        " TMPDIR"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_a_list(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """What comes through a pipe can be read once only, and is read as a file is."""
    pipe = tmp_path / "leads"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"id,need\n1,a\n"))
    writer.start()
    assert read_list(duck, pipe).rows == 1
    writer.join()


def test_what_can_not_be_opened_is_refused(
    duck: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that may not be read is a message, wherever the system says so."""

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "leads.csv"
    path.write_text("id\n1\n")
    monkeypatch.setattr("leadledger.training.sources.opening._is_stream", refuse)
    with pytest.raises(DataError) as refused:
        read_list(duck, path)
    assert str(refused.value) == f"{path}: can't be opened: Permission denied"


def test_deeply_nested_lines_are_rejects(duck: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A hundred levels are read, more are a reject, and thousands no traceback."""
    path = tmp_path / "leads.jsonl"
    path.write_text(
        "".join(f'{{"id": {depth}, "x": {"[" * depth}{"]" * depth}}}\n' for depth in (1, 99, 100, 900, 50_000))
    )
    leads = read_list(duck, path)
    assert leads.rows == 2
    assert [(reject.row, reject.reason) for reject in leads.rejects] == [
        (3, "is nested more than 100 levels deep"),
        (4, "is nested more than 100 levels deep"),
        (5, "is not a JSON object"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of folders here")
def test_left_folders_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a run that is gone is removed by the next one; that of a run at work, and a link, are not."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, other = tmp_path / "leadledger-left", tmp_path / "elsewhere"
    for folder in (left, other):
        folder.mkdir()
        (folder / "lock").touch()
        (folder / "unpacked").touch()
    (tmp_path / "leadledger-link").symlink_to(other)
    with work_folder() as first, work_folder() as second:
        assert first.is_dir()
        assert second.is_dir()
        assert not left.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "leadledger-link"]
    assert (other / "unpacked").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_leaves_nothing(tmp_path: Path, name: str) -> None:
    """A run that a signal ends removes its temporary files, and says nothing but that it ended."""
    leads = tmp_path / "leads.csv.gz"
    with gzip.open(leads, "wt", compresslevel=1) as file:
        file.write("lead_id,need,budget\n")
        file.writelines(f"L{i},{('none', 'vague', 'clear', 'urgent')[i % 4]},{i}\n" for i in range(2_000_000))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    card = ROOT / "examples" / "b2b-software" / "card.yaml"
    process = subprocess.Popen(
        [sys.executable, "-m", "leadledger", "score", str(leads), "-o", str(tmp_path / "out.csv"), "--card", str(card)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    )
    number = getattr(signal, name)
    while not any(temporary.glob("*/unpacked")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode in (128 + number, 1, 130)
    assert "Traceback" not in error
    assert not any(temporary.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leads.csv.gz", "temporary"]
