"""Files that are no lists, known by their first bytes: each is refused by its name, with what to do instead."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from leadledger.scoring.errors import DataError

_AS_LIST = "save the sheet as .xlsx or as CSV (UTF-8)"
_UNPACK = "unpack it and name the list"
_EXPORT = "export the list from there as CSV (UTF-8)"
# First bytes of a file: what it is, and the mend.
_MAGIC = (
    (b"%PDF-", f"is a PDF document; {_EXPORT}, or from the system that made it"),
    (b"{\\rtf", "is a document in rich text (.rtf); save it as plain text"),
    (b"SQLite format 3\0", f"is a database of SQLite; {_EXPORT}"),
    (b"7z\xbc\xaf\x27\x1c", f"is an archive (.7z); {_UNPACK}"),
    (b"Rar!\x1a\x07", f"is an archive (.rar); {_UNPACK}"),
    (b"BZh", f"is compressed by bzip2; {_UNPACK}, or compress it by gzip"),
    (b"\xfd7zXZ\0", f"is compressed by xz; {_UNPACK}, or compress it by gzip"),
    (b"\x28\xb5\x2f\xfd", f"is compressed by zstd; {_UNPACK}, or compress it by gzip"),
    (b"ARROW1", "is a file of Arrow (Feather); write it as Parquet"),
    (b"ORC", "is a file of ORC; write it as Parquet"),
    (b"Obj\x01", "is a file of Avro; write it as Parquet"),
)
_OLD_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
_OLE = b"\xd0\xcf\x11\xe0"
_HTML = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|meta|table|style|script|div)\b", re.IGNORECASE)
_XML = re.compile(r"\s*<(?:\?xml|[A-Za-z][\w:.-]*\s+xmlns)")
# What a zip file holds: what it is, and the mend.
_ARCHIVES = (
    ("xl/workbook.bin", f"is a binary workbook (.xlsb); {_AS_LIST}"),
    ("Index/Document.iwa", "is a document of Numbers; export it as Excel or as CSV (UTF-8)"),
    ("Index.zip", "is a document of Numbers; export it as Excel or as CSV (UTF-8)"),
    ("word/document.xml", f"is a document of Word; {_EXPORT}"),
    ("ppt/presentation.xml", f"is a presentation of PowerPoint; {_EXPORT}"),
)


def refuse_bytes(label: str, head: bytes) -> None:
    """Refuse a file that starts as no list does. Raises DataError."""
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in head:
            raise DataError(f"{label}: is a workbook with a password; save it without, as .xlsx or as CSV (UTF-8)")
        raise DataError(f"{label}: is a workbook in the old format (.xls); save it as .xlsx or as CSV (UTF-8)")
    if head.startswith(_OLD_BIFF):
        raise DataError(f"{label}: is a workbook in the old format (.xls); save it as .xlsx or as CSV (UTF-8)")
    for magic, sentence in _MAGIC:
        if head.startswith(magic):
            raise DataError(f"{label}: {sentence}")


def refuse_text(label: str, start: str) -> None:
    """Refuse a text that is a page or another document. Raises DataError."""
    called = Path(label).suffix.lower()
    though = f", though its name ends in {called}" if called in (".xls", ".xlsx", ".csv") else ""
    if _HTML.match(start):
        raise DataError(f"{label}: is a page (HTML){though}; open it in Excel and save it as .xlsx or as CSV (UTF-8)")
    if _XML.match(start):
        if "urn:schemas-microsoft-com:office:spreadsheet" in start:
            raise DataError(f"{label}: is a workbook in XML of 2003{though}; save it as .xlsx or as CSV (UTF-8)")
        if re.match(r"(?s).{0,1000}<html\b", start, re.IGNORECASE):
            raise DataError(
                f"{label}: is a page (HTML){though}; open it in Excel and save it as .xlsx or as CSV (UTF-8)"
            )
        raise DataError(f"{label}: is XML{though}; {_EXPORT}")


def refuse_archive(label: str, path: Path) -> None:
    """Refuse a zip file that is no workbook of Excel, by what it holds. Raises DataError."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        names, kind = [], b""
    if b"opendocument" in kind:
        what = "a sheet of LibreOffice (.ods)" if b"spreadsheet" in kind else "a document of LibreOffice"
        raise DataError(f"{label}: is {what}; {_AS_LIST}")
    for name, sentence in _ARCHIVES:
        if name in names:
            raise DataError(f"{label}: {sentence}")
    raise DataError(f"{label}: is an archive, or a damaged workbook; {_UNPACK}")
