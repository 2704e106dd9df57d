"""`leadledger recalibrate`: a release with another base rate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.extras import training_imports
from leadledger.api.cli.options import (
    FILE,
    Day,
    accept_left_out,
    as_json,
    events,
    home,
    reading_options,
    release,
    today,
    without,
)
from leadledger.api.cli.printing import report, wrap

if TYPE_CHECKING:
    from leadledger.training.runs.recalibration import Recalibration
    from leadledger.training.sources.reading import ReadingOptions


@click.command()
@click.argument("data", type=FILE)
@click.option(
    "--newest", type=click.FloatRange(0.01, 1), default=0.25, show_default=True, help="Share of leads to count as new."
)
@click.option(
    "--sign-off", default="", metavar="REASON", help="Why it may exceed the card's `fairness`; stays in the release."
)
@events
@accept_left_out
@without
@reading_options
@home
@release
@click.option("--as-of", type=Day(), help="Day on which DATA was taken; its newest plausible day if left out.")
@as_json
def recalibrate(
    data: Path,
    newest: float,
    sign_off: str,
    events: Path | None,
    accept_left_out: bool,
    without: tuple[str, ...],
    reading: ReadingOptions,
    home: Path,
    release: str | None,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Adjust the base rate of a release to new leads.

    The newest leads of DATA give the base rate of a new release. Rules and tables stay: the points of every lead are
    the same, the probabilities move.
    """
    with training_imports("recalibration"):
        from leadledger.training.runs.recalibration import recalibrate as adjust
    from leadledger.models.releases.store import Releases

    releases = Releases(home)
    recalibration = adjust(
        releases,
        data,
        release=release,
        as_of=as_of,
        newest=newest,
        events=events,
        reading=reading,
        today=today(),
        accept_left_out=accept_left_out,
        without=without,
    )
    name = recalibration.publish(releases, datetime.now(UTC), sign_off=sign_off)
    is_current = releases.current() == name
    result = {"release": name, "current": is_current, **recalibration.to_dict()}
    report(as_json, result, wrap(_lines(recalibration, name, is_current, sign_off)))


def _lines(recalibration: Recalibration, release: str, current: bool, sign_off: str) -> Iterator[str]:
    metrics = recalibration.metrics
    losses = " to ".join(f"{metrics['held_out'][rate]['log_loss']:.4f}" for rate in ("before", "after"))
    fate = "is the current one" if current else "held back"
    yield f"Release {release} is made, and {fate}: {recalibration.release} with another base rate."
    if recalibration.unfair:
        yield f"It exceeds a bound of the card's fairness: {recalibration.unfair}."
        yield f"Signed off: {sign_off}" if current else 'To make it current, say why: --sign-off "the reason".'
    yield (
        f"Base rate {recalibration.before:.2%} → {recalibration.after:.2%}, from the {metrics['leads']:,} newest leads,"
        f" of which {metrics['won']:,} became opportunities. Log-loss on them: {losses}."
    )
    for stage, promise in metrics["promises"].items():
        yield f"Promotion to {stage}: {promise['said']}."
    yield "The points of every lead stay as they were; the probabilities moved."
    yield from recalibration.notes
