"""Encodings of text: which one a file is in, by its start, and its conversion to UTF-8."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from leadledger.scoring.errors import DataError
from leadledger.training.sources.scan import BLOCK_SIZE

_MARKS = (  # the longer ones first: the mark of UTF-32 starts with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BINARY = 0.3  # the share of control characters that no text has, a tiny list with NULs in its cells neither
_EVIDENT = 0.4  # the share of NUL bytes on one side of the pairs that makes UTF-16; Western text has nearly 1
_FOREIGN = 0.25  # beyond so many of its letters outside of ASCII, bytes are hardly Western text


def detect_encoding(label: str, head: bytes) -> str:
    """The encoding of a file that starts so: utf-8, utf-16, utf-16-le, utf-16-be, utf-32 or windows-1252.

    A UTF-8 file may hold bytes that are none; its rows are rejects. Raises DataError for what is no text.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    nuls = head.count(0)
    if nuls:
        pairs = max(1, len(head) // 2)
        right, left = head[1::2].count(0) / pairs, head[0::2].count(0) / pairs
        if right > _EVIDENT and left < 0.05:
            return "utf-16-le"
        if left > _EVIDENT and right < 0.05:
            return "utf-16-be"
    if len(_CONTROL.findall(head)) > len(head) * _BINARY:
        raise _binary(label)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError as error:
        at = error.start
    if nuls:
        raise _binary(label)
    text = head.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= sign <= "\udcff" for sign in text)
    sound = sum(sign > "\x7f" for sign in text) - broken
    if sound > broken:
        return "utf-8"
    letters = sum(map(head.count, range(65, 91))) + sum(map(head.count, range(97, 123)))
    if _CONTROL.search(head) is None and broken + sound <= _FOREIGN * (letters + broken + sound):
        return "windows-1252"
    line = head[:at].count(b"\n") + 1
    raise DataError(
        f"{label}: line {line} is not UTF-8 text (byte {head[at]:#04x}), and not Western text of Windows either;"
        " save the file as CSV (UTF-8)"
    )


def convert_to_utf8(source: BinaryIO, encoding: str, converted: Path) -> None:
    """Write a stream of text in another encoding as UTF-8, block by block.

    Bytes that are no character become bytes that are no UTF-8, so that their row, and only that row, is a reject.
    """
    decoder = codecs.getincrementaldecoder("cp1252" if encoding == "windows-1252" else encoding)(_keep_broken)
    with converted.open("wb") as file:
        while block := source.read(BLOCK_SIZE):
            file.write(decoder.decode(block).encode("utf-8", "surrogatepass"))
        file.write(decoder.decode(b"", final=True).encode("utf-8", "surrogatepass"))


def _handle(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    if error.encoding in (
        "charmap",
        "cp1252",
    ):  # five bytes have no character; read as controls, as on the web
        return error.object[error.start : error.end].decode("latin-1"), error.end
    return "\ud800", error.end  # a lone surrogate, which is no UTF-8


_keep_broken = "leadledger.keep_broken"
codecs.register_error(_keep_broken, _handle)


def _binary(label: str) -> DataError:
    return DataError(f"{label}: is not a list but binary data; name a CSV, Parquet, JSON lines or Excel file")
