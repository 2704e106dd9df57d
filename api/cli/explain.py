"""`leadledger explain`: the ledger of one lead, drawn."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, ScorecardSource, as_json, as_of, reading_options, scorecard_source, today
from leadledger.api.cli.printing import report, width

if TYPE_CHECKING:
    from leadledger.training.sources.reading import ReadingOptions


@click.command()
@click.argument("lead", type=FILE)
@click.option("--row", type=click.IntRange(min=1), help="Row of the list that LEAD is, from 1.")
@click.option("--id", "lead_id", help="Id of the lead in the list that LEAD is.")
@reading_options
@scorecard_source
@as_of
@as_json
def explain(
    lead: Path,
    row: int | None,
    lead_id: str | None,
    reading: ReadingOptions,
    source: ScorecardSource,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Show the score of one LEAD with every entry of its ledger.

    LEAD is a JSON file, `-` for JSON on standard input, or a list of any kind with --row or --id. JSON may be a bare
    lead, or a body as the service takes it: {"lead": …}, with its events {"lead": …, "events": […]}, or a record as a
    CRM sends it.
    """
    from leadledger.api.cli.lead_file import WhichLead, list_mistakes, read_lead
    from leadledger.api.requests.lead_events import count_events
    from leadledger.api.requests.mistakes import Mistakes
    from leadledger.scoring.engine.score import get_engine
    from leadledger.scoring.errors import DataError
    from leadledger.scoring.printers.text import ledger_text

    card = source.open()
    read = read_lead(lead, card, WhichLead(row, lead_id), reading)
    if as_of is not None and read.as_of not in (None, as_of):
        raise click.UsageError(f"--as-of is {as_of}, and the body says {read.as_of}; give one of the two")
    day = as_of or read.as_of or today(card.card.time_zone)
    engine, mistakes = get_engine(card), Mistakes()
    counts = count_events(engine, read.events, day, read.lead, mistakes)
    if mistakes:
        raise DataError(list_mistakes(mistakes))
    result = engine.build_result(read.lead.values, day, read.lead.ignored, counts)
    report(as_json, result.to_dict(), ledger_text(result, width()))
