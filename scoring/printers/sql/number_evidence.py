"""How a list writes its numbers, by what stands in it: one `25.000,00` proves what the `25.000` beside it is.

A list is first scored as it is, and what can be two numbers is refused. Only where there is such a value, one pass over
the texts of its columns of numbers shows whether the list itself says which number is meant: the field's own values,
and if these show nothing, those of the other fields. What points both ways proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.errors import quote
from leadledger.scoring.field import Field
from leadledger.scoring.number_forms import (
    AMBIGUOUS_PATTERN,
    COMMA_PROOF,
    DOT_PROOF,
    GROUPED_DOT_PROOF,
    DecimalSign,
    with_decimal,
)
from leadledger.scoring.printers.sql.cleaning import fold_number
from leadledger.scoring.printers.sql.dialects.column_types import UNKNOWN, type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.expression import Expression
from leadledger.scoring.scorecard import Card, Scorecard

_WAYS = {",": "with a dot for thousands and a comma for decimals", ".": "with a dot for decimals"}
RunQuery = Callable[[str], Sequence[Any]]  # the one row of a SELECT


@dataclass(frozen=True)
class ProvenDecimal:
    """What stands before the decimals of a field's numbers in a list: `decimal`, as `example` in `proof_column` shows.

    `columns` are those of the field that have values in two readings.
    """

    field: str
    columns: tuple[str, ...]
    decimal: DecimalSign
    example: str
    proof_column: str

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        named = " and ".join(map(quote, self.columns))
        where = "" if self.proof_column in self.columns else f" in column {quote(self.proof_column)}"
        columns, are = ("Column", "is") if len(self.columns) == 1 else ("Columns", "are")
        return f"{columns} {named} {are} read {_WAYS[self.decimal]}, as {quote(self.example)}{where} shows."


@dataclass(frozen=True)
class _ColumnEvidence:
    """What the texts of one column show: how many can be two numbers, and one that proves a comma, and a dot."""

    field: Field
    column: str
    ambiguous: int
    proofs: Mapping[DecimalSign, str | None]


def prove_decimals(
    card: Card,
    columns: Mapping[str, str],
    source: str,
    run_query: RunQuery,
    *,
    dialect: Dialect = DUCKDB,
    has_typed: bool = False,
) -> tuple[ProvenDecimal, ...]:
    """What the list `source`, a FROM item with these columns, proves of the fields with values in two readings.

    `has_typed`: among the texts are typed numbers of the list, whose dot says nothing of how its texts are written.
    """
    numbers = _list_numbers(card, columns)
    if not any(_is_open(field) for field, _ in numbers):
        return ()
    row = run_query(_print_select(numbers, source, dialect, GROUPED_DOT_PROOF if has_typed else DOT_PROOF))
    evidence = [
        _ColumnEvidence(field, column, int(row[3 * i] or 0), {",": row[3 * i + 1], ".": row[3 * i + 2]})
        for i, (field, column) in enumerate(numbers)
    ]
    proven = [_decide(field, evidence) for field in dict.fromkeys(seen.field for seen in evidence) if _is_open(field)]
    return tuple(decimal for decimal in proven if decimal is not None)


def has_two_readings(card: Card, columns: Mapping[str, str], source: str, run_query: RunQuery) -> bool:
    """Whether the list `source`, a FROM item of DuckDB, has a number for which it takes a proof."""
    numbers = [(field, column) for field, column in _list_numbers(card, columns) if _is_open(field)]
    return bool(numbers) and any(run_query(_print_select(numbers, source, DUCKDB, DOT_PROOF))[::3])


def with_decimals(card: Scorecard, proven: Sequence[ProvenDecimal]) -> Scorecard:
    """The scorecard that reads a list as it writes its numbers."""
    fields = dict(card.card.fields)
    for decimal in proven:
        field = fields[decimal.field]
        fields[decimal.field] = replace(field, number_format=with_decimal(field.number_format, decimal.decimal))
    return replace(card, card=replace(card.card, fields=fields))


def _list_numbers(card: Card, columns: Mapping[str, str]) -> list[tuple[Field, str]]:
    """The columns of texts that hold numbers, each with its field."""
    return [
        (card.fields[name], column)
        for name, names in find_columns(card, columns).items()
        for column in names
        if card.fields[name].kind == "number" and type_family(columns[column]) == "text" and columns[column] != UNKNOWN
    ]


def _is_open(field: Field) -> bool:
    """Whether the card leaves open what stands before the decimals of a field."""
    return field.number_format is None or not field.number_format.decimal


def _print_select(numbers: Sequence[tuple[Field, str]], source: str, dialect: Dialect, dot_proof: str) -> str:
    """The SELECT of one row: of each column how many values can be two numbers, one that proves a comma, and a dot."""
    texts, measures = [], []
    for i, (field, column) in enumerate(numbers):
        raw = dialect.as_text(dialect.name(column))
        texts += [f"{raw} AS r{i}", f"{fold_number(field, Expression(raw), dialect).sql} AS n{i}"]
        ambiguous, comma, dot = (
            dialect.matches(f"n{i}", pattern) for pattern in (AMBIGUOUS_PATTERN, COMMA_PROOF, dot_proof)
        )
        measures += [
            f"sum(CASE WHEN {ambiguous} THEN 1 ELSE 0 END)",
            f"min(CASE WHEN {comma} THEN r{i} END)",
            f"min(CASE WHEN {dot} THEN r{i} END)",
        ]
    return f"SELECT {', '.join(measures)} FROM (SELECT {', '.join(texts)} FROM {source}) AS numbers"


def _decide(field: Field, evidence: Sequence[_ColumnEvidence]) -> ProvenDecimal | None:
    """What is proven of a field; None where nothing is, or nothing needs to be."""
    own = [seen for seen in evidence if seen.field == field]
    open_columns = tuple(seen.column for seen in own if seen.ambiguous)
    if not open_columns:
        return None
    for witnesses in (own, [seen for seen in evidence if seen.field != field]):
        proofs = {
            sign: (seen.column, example) for seen in witnesses for sign, example in seen.proofs.items() if example
        }
        if len(proofs) == 1:
            ((sign, (column, example)),) = proofs.items()
            return ProvenDecimal(field.name, open_columns, sign, example.strip(), column)
        if proofs:
            return None
    return None
