"""The leads of a proof, from a list of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leadledger.scoring.card.reader import parse_card
from leadledger.training.sources.reading import AS_FOUND, ReadingOptions
from leadledger.training.sources.scan import list_fetchable
from leadledger.training.sources.table import connect, read_list, settle_numbers

ROWS_AT_A_TIME = 1000


def read_proof_leads(path: Path, card_text: str, reading: ReadingOptions = AS_FOUND) -> Iterator[dict[str, Any]]:
    """Each lead by its columns, as the card's reader takes it. Raises DataError."""
    with connect() as connection:
        leads = settle_numbers(connection, parse_card(card_text), read_list(connection, path, reading))
        rows = connection.execute(f"SELECT {list_fetchable(leads.columns, leads.columns)} FROM {leads.table}")
        while chunk := rows.fetchmany(ROWS_AT_A_TIME):
            yield from (dict(zip(leads.columns, row, strict=True)) for row in chunk)
