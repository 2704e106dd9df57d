"""The SQL of paths into columns: the members of JSON and STRUCT columns, as texts under the names of their paths.

`json:…` is the object of a column as a JSON text, NULL where there is none; a member becomes a column named by its
path, and is cleaned as any column of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, column_reader, spell, write
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.scorecard import Card


def add_path_columns(card: Card, columns: Mapping[str, str]) -> dict[str, str]:
    """The columns with those that paths add, all of them texts."""
    return {**columns, **{path.name: "VARCHAR" for path in card.column_paths.find(columns)}}


def find_object_columns(card: Card, columns: Mapping[str, str]) -> dict[str, str]:
    """The columns that hold the objects of paths, with their types."""
    return {path.column: columns[path.column] for path in card.column_paths.find(columns)}


def path_steps(
    card: Card, columns: Mapping[str, str], dialect: Dialect, raw: Callable[[str], Expression]
) -> Iterator[Step]:
    """The steps that add the columns of paths, and `broken:…` where a text starts like an object and is none."""
    read = column_reader(dialect.name)
    texts, objects, broken = [], [], []
    for column, kind in find_object_columns(card, columns).items():
        if type_family(kind) != "text":
            objects.append(StepColumn(f"json:{column}", spell(dialect.json_of, raw(column))))
            continue
        texts.append(StepColumn(f"object:{column}", spell(dialect.trim, spell(dialect.as_text, raw(column)))))
        text = read(f"object:{column}")
        opens = spell(dialect.search, "starts_with", text, dialect.text("{"))
        whole = spell(dialect.is_json, text)
        objects.append(
            StepColumn(f"json:{column}", write("CASE WHEN {} THEN CASE WHEN {} THEN {} END END", opens, whole, text))
        )
        broken.append(
            StepColumn(
                f"bad:{column}", write("CASE WHEN {} AND {} IS NULL THEN TRUE END", opens, read(f"json:{column}"))
            )
        )
    yield Step("read_texts", "texts that may be JSON objects", texts)
    yield Step("read_objects", "objects as JSON", objects)
    members = [
        StepColumn(
            path.name,
            spell(
                dialect.json_member,
                read(f"json:{path.column}"),
                path.members,
                card.fields[path.field].kind == "number",
            ),
        )
        for path in card.column_paths.find(columns)
    ]
    yield Step("followed", "the members that paths lead to, and objects that can't be read", [*members, *broken])


def list_broken_marks(card: Card, columns: Mapping[str, str]) -> list[str]:
    """The columns of objects that may be broken: those of texts."""
    return [column for column, kind in find_object_columns(card, columns).items() if type_family(kind) == "text"]
