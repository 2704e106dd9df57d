"""The types of columns: what a column of each holds, by DuckDB's names and by those of every other engine.

A family is what cleaning reads alike. The printer itself knows a type by DuckDB's name, and UNKNOWN for a column of
which nobody has said it; each dialect lists the names of its own engine, which `Dialect.read_type` turns into those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# The type of a column of which nobody has said it: it is read by its text.
UNKNOWN = "UNKNOWN"
INSTANTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")  # the types of a time that has a zone
TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")  # those of a time that has none
# DuckDB's names, the first of which stands for the whole family. A real has four bytes, a float eight.
FAMILIES: Mapping[str, Sequence[str]] = {
    "text": ("VARCHAR", "TEXT", "STRING", "CHAR", "BPCHAR", "UUID", "ENUM", '"NULL"', UNKNOWN),
    "integer": (
        *("BIGINT", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
        *("INT", "INT1", "INT2", "INT4", "INT8", "SHORT", "SIGNED", "LONG"),
    ),
    "wide": ("HUGEINT", "UHUGEINT", "INT128"),
    "real": ("FLOAT", "REAL", "FLOAT4"),
    "float": ("DOUBLE", "FLOAT8"),
    "decimal": ("DECIMAL", "NUMERIC"),
    "flag": ("BOOLEAN", "BOOL", "LOGICAL"),
    "date": ("DATE",),
    "time": (*TIMES, "DATETIME"),
    "instant": (*INSTANTS, "TIMESTAMPTZ"),
}

ITEM_FAMILIES = ("text", "integer", "wide")  # of the items of a list that holds choices
OBJECT = "JSON"  # the type of a column of objects that are no texts
LIST_OF_TEXTS = "VARCHAR[]"  # the type that stands for all of these
# `VARCHAR[]`, `VARCHAR[3]` where all have as many items, and the `ARRAY<STRING>` of other engines.
_LIST = re.compile(r"(.+?) ?\[[0-9]*\]|ARRAY ?<(.+)>")


def type_family(kind: str, field_kind: str = "") -> str:
    """What a column of one of DuckDB's types holds; empty: nothing that a field could have.

    A field of choices may have a `list` too, of texts or of whole numbers.
    """
    items = list_item_type(kind) if field_kind == "choices" else ""
    if items:
        return "list" if find_family(FAMILIES, items) in ITEM_FAMILIES else ""
    return find_family(FAMILIES, kind)


def list_item_type(kind: str) -> str:
    """The type of the items of a list; empty where a type is none of lists."""
    match = _LIST.fullmatch(bare_type(kind))
    return (match[1] or match[2]) if match else ""


def find_family(families: Mapping[str, Sequence[str]], kind: str) -> str:
    """The family of a type, whatever its case, length, precision and collation; empty where none has it."""
    bare = bare_type(kind)
    return next((family for family, names in families.items() if bare in map(str.upper, names)), "")


def bare_type(kind: str) -> str:
    """The name of a type alone, in capitals: `NUMBER(38, 0)` is a NUMBER. One of several values keeps its brackets."""
    kind = re.sub(r"(?i)\s+collate\s.*$", "", kind.strip())
    if re.match(r"(?i)enum\b", kind) and not kind.endswith("]"):
        return "ENUM"  # whatever stands in the texts that it lists
    kind = re.sub(r"\((?:[^()]|\([^()]*\))*\)", " ", kind)
    return " ".join(kind.upper().split())
