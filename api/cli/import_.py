"""`leadledger import`: a score of another system, or a matrix in a spreadsheet, as a card."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, as_json, as_of, reading_options, today
from leadledger.api.cli.printing import count, file_name, report, wrap
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.api.formulas.card_text import ImportedCard
    from leadledger.api.formulas.imported_file import FormulaFormat
    from leadledger.api.formulas.parity import Parity
    from leadledger.training.sources.reading import ReadingOptions


@click.command("import")
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=FILE, default=Path("card.yaml"), show_default=True, help="Card to write.")
@click.option(
    "--from",
    "format",
    type=click.Choice(["hubspot", "matrix", "querybuilder"]),
    help="Format of FILE; told from it if left out.",
)
@click.option("--leads", type=FILE, help="List of leads to score by the old formula and by the card.")
@click.option("--force", is_flag=True, help="Overwrite the card if it is there.")
@reading_options
@as_of
@as_json
def import_card(
    file: Path,
    output: Path,
    format: FormulaFormat | None,
    leads: Path | None,
    force: bool,
    reading: ReadingOptions,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Write a card from FILE, a score that you have elsewhere.

    FILE is a lead score of HubSpot, the JSON that its API returns; or queries of react-querybuilder in JSON, each with
    its points; or a matrix: a list with the columns field, operator, value, points and, if you like, group and limit.
    What can't be translated is listed with its place and
    reason, here and at the head of the card. With --leads, the old formula and the card score the same leads, and
    what differs is listed by rule.
    """
    from leadledger.api.formulas.card_text import write_card
    from leadledger.api.formulas.imported_file import read_formula
    from leadledger.api.formulas.parity import compare_scores
    from leadledger.api.formulas.proof_leads import read_proof_leads
    from leadledger.scoring.card.reader import parse_card

    if output != Path("-") and output.exists() and not force:
        raise DataError(f"{output} is there already; name another file with -o, or overwrite it with --force")
    imported_file = read_formula(file, format, reading)
    imported = write_card(imported_file.formula)
    card = parse_card(imported.text, file_name(output))
    day = as_of or today()
    parity = None
    if leads is not None:
        proof_leads = ((lead, ()) for lead in read_proof_leads(leads, imported.text))
        parity = compare_scores(
            imported, proof_leads, day, lambda lead, events: imported_file.score_old(lead, events, day)
        )
    if str(output) == "-":
        sys.stdout.write(imported.text)
    else:
        try:
            output.write_text(imported.text, encoding="utf-8")
        except OSError as error:
            raise DataError(f"{output} can't be written: {error.strerror}") from None
    result = {
        "card": None if str(output) == "-" else str(output),
        "format": imported_file.format,
        "fields": len(card.fields),
        "rules": len(imported.rules),
        "not_translated": [{"path": part.path, "reason": part.reason} for part in imported.untranslated],
        "parity": parity and parity.to_dict(),
    }
    lines = [*_list_lines(file_name(output), imported, len(card.fields), parity)]
    if parity is not None and card.events:
        lines.append("The leads have no events here, so what is counted from events is not compared.")
    report(as_json, result, wrap(lines), err=str(output) == "-")


def _list_lines(output: str, imported: ImportedCard, fields: int, parity: Parity | None) -> Iterator[str]:
    yield f"{output}: {count(fields, 'field')}, {count(len(imported.rules), 'rule')}"
    if imported.untranslated:
        yield "Not translated, or not in the same way:"
        yield from (f"  {part.path}: {part.reason}" for part in imported.untranslated)
    if parity is not None:
        compared = count(parity.leads, "lead")
        yield f"{parity.same:,} of {compared} have the same points by the old formula and by the card."
        if parity.refused:
            yield f"{count(parity.refused, 'lead')} left out: a value can't be read as the card needs it."
        for difference in parity.differences:
            rule = f" ({difference.rule})" if difference.rule else ""
            yield (
                f"  {difference.path}{rule}: {count(difference.leads, 'lead')}, up to {difference.largest:+g} points by"
                " the card"
            )
