"""The commands `leadledger log`: the decision log, taken out, pruned, or made to forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, Day, as_json, home, log_url, refusing, show
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.api.log.store import LogStore
    from leadledger.training.sources.logged import LoggedHistory


@click.group()
@home
@log_url
@click.pass_context
def log(context: click.Context, home: Path, log_url: str | None) -> None:
    """Export the log of what was answered, prune it, or forget a lead."""
    context.obj = (home, log_url)


@log.command("export")
@click.option("-o", "--out", type=FILE, required=True, help="A file in .csv, .jsonl, .parquet or .xlsx; - for CSV.")
@click.option("--since", type=Day(), help="The first day, in UTC.")
@click.option("--until", type=Day(), help="The last day.")
@as_json
@click.pass_context
@refusing
def export_log(context: click.Context, out: Path, since: date | None, until: date | None, as_json: bool) -> None:
    """Write the scores of the log to a list, the oldest first."""
    from leadledger.api.log.export import export_scores

    with opened_log(*context.obj) as found:
        count = export_scores(
            found.read_scores(since.isoformat() if since else "", until.isoformat() if until else ""), out
        )
    said = {"scores": count, "out": str(out)}
    show(said) if as_json else click.echo(f"{count:,} scores: {out}", err=str(out) == "-")


@log.command("prune")
@click.option("--older-than", type=click.IntRange(1), required=True, metavar="DAYS", help="In days.")
@as_json
@click.pass_context
@refusing
def prune_log(context: click.Context, older_than: int, as_json: bool) -> None:
    """Take out what is older than so many DAYS: scores, answers and outcomes."""
    before = datetime.now(UTC) - timedelta(days=older_than)
    with opened_log(*context.obj) as found:
        gone = found.prune(f"{before:%Y-%m-%dT%H:%M:%S}")
    if as_json:
        show(gone)
    else:
        click.echo(
            f"{gone['scores']:,} scores and {gone['outcomes']:,} outcomes from before {before:%Y-%m-%d} are gone."
        )


@log.command("forget")
@click.argument("lead")
@as_json
@click.pass_context
@refusing
def forget_lead(context: click.Context, lead: str, as_json: bool) -> None:
    """Erase what the log knows of LEAD: its id, its values, its answers. Points and recommendations stay, nameless."""
    with opened_log(*context.obj) as found:
        count = found.forget(lead)
    show({"scores": count}) if as_json else click.echo(f"{lead} is forgotten: {count:,} scores are nameless now.")


@contextmanager
def opened_log(home: Path, log_url: str | None) -> Iterator[LogStore]:
    """The decision log. Raises DataError where it can't be opened, or fails."""
    from sqlalchemy.exc import SQLAlchemyError

    from leadledger.api.log import database
    from leadledger.api.log.store import LogStore

    engine = database.open_database(log_url, home)
    try:
        yield LogStore(engine)
    except SQLAlchemyError as error:
        raise DataError(f"the log failed: {database.describe_error(error)}") from None
    finally:
        engine.dispose()


@contextmanager
def logged_history(card: Path, home: Path, log_url: str | None, backdated: bool) -> Iterator[LoggedHistory]:
    """What the log gives to learn from for a card. Raises ScoringError."""
    from leadledger.api.log.history import open_history
    from leadledger.scoring.card.reader import read_card

    written = read_card(card)
    with opened_log(home, log_url) as log, open_history(log, written, backdated=backdated) as found:
        yield found
