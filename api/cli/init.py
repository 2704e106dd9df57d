"""`leadledger init`: a first card for a list of leads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, as_json, reading_options
from leadledger.api.cli.printing import count, report, wrap
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.training.card_proposal.proposal import CardProposal
    from leadledger.training.sources.reading import ReadingOptions


@click.command()
@click.argument("leads", type=FILE)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default=Path("card.yaml"),
    show_default=True,
    help="File for the card, which must not be there yet; - prints it.",
)
@click.option(
    "--outcome", default="", metavar="COLUMN", help="Column that says what became of the leads, where several could."
)
@reading_options
@as_json
def init(leads: Path, out: Path, outcome: str, reading: ReadingOptions, as_json: bool) -> None:
    """Propose a first card for a list of leads.

    Reads every row of LEADS, and writes a card that `check` accepts: fields with their kinds, what training may learn
    from, the id, the outcome. The reason of each stands beside it; what the list doesn't tell is marked DECIDE.
    """
    from leadledger.training.card_proposal.proposal import propose_card

    is_printed = str(out) == "-"
    if not is_printed and out.exists():
        raise _refuse_existing(out)
    proposal = propose_card(leads, reading, outcome_column=outcome)
    if is_printed:
        click.echo(proposal.text, nl=False)
    else:
        _write(out, proposal.text)
    text = wrap(_describe(proposal, leads, out))
    report(as_json, {"card": str(out), **proposal.to_dict()}, text, err=is_printed)


def _write(out: Path, text: str) -> None:
    """Write a new file. Raises DataError."""
    from leadledger.models.durable_files import write_synced

    try:
        write_synced(out, text.encode())
    except FileExistsError:
        raise _refuse_existing(out) from None
    except OSError as error:
        raise DataError(f"{out}: the card can't be written: {error.strerror}") from None


def _refuse_existing(out: Path) -> DataError:
    return DataError(f"{out}: is there already, and `init` overwrites no file; name another with -o")


def _describe(proposal: CardProposal, leads: Path, out: Path) -> Iterator[str]:
    """The lines of the report."""
    fields, learned = len(proposal.used), sum(field.learn for field in proposal.used)
    card = "The card" if str(out) == "-" else str(out)
    yield (
        f"{card}: {count(fields, 'field')} from {count(proposal.columns, 'column')} and {count(proposal.rows, 'row')}"
        f" of {leads}; training may learn from {learned:,} of them"
    )
    if proposal.rejected:
        yield f"{count(proposal.rejected, 'row')} of the list could not be read."
    yield from proposal.notes
    if proposal.outcome.chosen is not None:
        yield f"The outcome is {proposal.outcome_sentence}."
    if proposal.decisions:
        yield ""
        yield "What you must decide, where the card says DECIDE:"
        yield from (f"- {decision[0].upper()}{decision[1:]}." for decision in proposal.decisions)
    if str(out) != "-":
        yield ""
        yield f"Next: leadledger check {out} {leads}"
        if proposal.outcome.chosen is not None:
            yield f"Then: leadledger train {out} {leads}"
