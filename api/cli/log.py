"""`leadledger log`: export the decision log, prune it, or forget a lead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import FILE, Day, ScorecardSource, as_json, home, log_url, scorecard_source
from leadledger.api.cli.printing import count, file_name, report
from leadledger.scoring.errors import DataError, quote

if TYPE_CHECKING:
    from leadledger.api.log.store import LogStore


@click.group()
@home
@log_url
@as_json
def log(home: Path, log_url: str | None, as_json: bool) -> None:
    """Export the log of scores, prune it, or forget a lead."""


@log.command("export")
@click.option("-o", "--out", type=FILE, required=True, help="File in .csv, .jsonl, .parquet or .xlsx; - for CSV.")
@click.option("--since", type=Day(), help="First day, in UTC.")
@click.option("--until", type=Day(), help="Last day, in UTC.")
@home
@log_url
@as_json
def export_log(
    out: Path, since: date | None, until: date | None, home: Path, log_url: str | None, as_json: bool
) -> None:
    """Write the scores of the log to a list, oldest first."""
    from leadledger.api.log.export import export_scores

    with open_log(home, log_url) as store:
        rows = store.read_scores(since.isoformat() if since else "", until.isoformat() if until else "")
        scores = export_scores(rows, out)
    text = f"{count(scores, 'score')} written to {file_name(out)}"
    report(as_json, {"scores": scores, "out": str(out)}, text, err=str(out) == "-")


@log.command("events")
@click.option("-o", "--out", type=FILE, required=True, help="File in .csv, .jsonl, .parquet or .xlsx; - for CSV.")
@scorecard_source
@log_url
@as_json
def export_events(out: Path, source: ScorecardSource, log_url: str | None, as_json: bool) -> None:
    """Write the stored events to a list, for `--events`.

    Their kinds have the names of the card. An event under another id of a lead stands under the lead's id, too.
    """
    from leadledger.api.log.event_store import EventStore
    from leadledger.api.log.export import export_events
    from leadledger.scoring.events.event_reader import KnownNames

    names = KnownNames(source.open().card.events)
    with open_log(source.home, log_url) as store:
        events = export_events(EventStore(store.engine).read_all(), names, out)
    text = f"{count(events, 'event')} written to {file_name(out)}"
    report(as_json, {"events": events, "out": str(out)}, text, err=str(out) == "-")


@log.command("replay")
@click.option("--since", type=Day(), help="First day, in UTC.")
@click.option("--until", type=Day(), help="Last day, in UTC.")
@home
@log_url
@as_json
def replay_log(since: date | None, until: date | None, home: Path, log_url: str | None, as_json: bool) -> None:
    """Work out every score again, and compare it.

    Each comes from its logged values and from the release or the card that gave it. Exit status 1: one came out
    different, or its release is gone.
    """
    from leadledger.api.log.replay import replay_scores

    with open_log(home, log_url) as store:
        replayed = replay_scores(store, home, since.isoformat() if since else "", until.isoformat() if until else "")
    forgotten = f" {count(replayed.forgotten, 'score')} of forgotten leads left out." if replayed.forgotten else ""
    text = f"{replayed.identical:,} of {count(replayed.scores, 'score')} came out the same, byte for byte.{forgotten}"
    report(as_json, replayed.to_dict(), "\n".join([text, *replayed.problems]))
    if replayed.failed:
        click.get_current_context().exit(1)


@log.command("prune")
@click.option("--older-than", type=click.IntRange(1), required=True, metavar="DAYS", help="Age in days.")
@home
@log_url
@as_json
def prune_log(older_than: int, home: Path, log_url: str | None, as_json: bool) -> None:
    """Delete what is older than DAYS: scores, outcomes, events and more.

    Feedback and messages are deleted, too. A lead whose last score is older leaves the book. A message that waits to be
    delivered stays.
    """
    before = datetime.now(UTC) - timedelta(days=older_than)
    with open_log(home, log_url) as store:
        deleted = store.prune(f"{before:%Y-%m-%dT%H:%M:%S}")
    scores, outcomes, events = (count(deleted[f"{name}s"], name) for name in ("score", "outcome", "event"))
    leads = count(deleted["book"], "lead")
    text = f"Deleted {scores}, {outcomes} and {events} from before {before:%Y-%m-%d}; {leads} left the book."
    report(as_json, deleted, text)


@log.command("forget")
@click.argument("lead")
@home
@log_url
@as_json
def forget_lead(lead: str, home: Path, log_url: str | None, as_json: bool) -> None:
    """Erase LEAD from the log and the book.

    Its ids, values, answers, events, feedback and messages are gone, and its row of the book. Its points and
    recommendations stay for the statistics, without a name.
    """
    with open_log(home, log_url) as store:
        forgotten = store.forget(lead)
        similar = [] if any(forgotten) else store.find_similar_leads(lead.strip())
    if not any(forgotten):
        near = f" There are scores of: {', '.join(map(quote, similar))}." if similar else ""
        raise DataError(
            f"the log has no scores and no events of a lead {quote(lead.strip())}, so none were erased.{near}"
        )
    amounts = f"Scores made anonymous: {forgotten.scores:,}. Events erased: {forgotten.events:,}."
    if forgotten.feedback or forgotten.messages:
        amounts += f" Feedback erased: {forgotten.feedback:,}. Messages erased: {forgotten.messages:,}."
    report(as_json, forgotten._asdict(), f"{lead.strip()} is forgotten. {amounts}")


@contextmanager
def open_log(home: Path, log_url: str | None) -> Iterator[LogStore]:
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
