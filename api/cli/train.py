"""`leadledger train`: learn from a history, or from the decision log, and make a release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.extras import training_imports
from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import (
    FILE,
    Day,
    accept_left_out,
    as_json,
    events,
    gather,
    home,
    is_given,
    log_url,
    reading_options,
    today,
    without,
)
from leadledger.api.cli.printing import report, width
from leadledger.api.cli.progress import show_steps
from leadledger.scoring.errors import ScoringError

if TYPE_CHECKING:
    from leadledger.models.releases.store import Releases
    from leadledger.training.runs.earlier_releases import EarlierReleases
    from leadledger.training.sources.logged import LoggedHistory
    from leadledger.training.sources.reading import ReadingOptions


@dataclass(frozen=True)
class HistorySource:
    """Where the history comes from: a file, or the decision log of a home."""

    data: Path | None
    from_log: bool
    backdated: bool
    home: Path
    log_url: str | None

    def __post_init__(self) -> None:
        if self.data is not None and self.from_log:
            raise click.UsageError("DATA and --from-log exclude each other; give one of the two")
        if self.data is None and not self.from_log:
            raise click.UsageError("Missing argument 'DATA', the history to learn from; or give --from-log")
        for option, given in (("--backdated", self.backdated), ("--log-url", is_given("log_url"))):
            if given and not self.from_log:
                raise click.UsageError(f"{option} goes with --from-log")

    @contextmanager
    def open(self, card: Path) -> Iterator[Path | LoggedHistory]:
        """The history to learn from for a card. Raises ScoringError."""
        if self.data is not None:
            yield self.data
            return
        from leadledger.api.log.history import open_history
        from leadledger.scoring.card.reader import read_card

        contents = read_card(card)
        with open_log(self.home, self.log_url) as log, open_history(log, contents, backdated=self.backdated) as history:
            yield history


@click.command()
@click.argument("card", type=FILE)
@click.argument("data", type=FILE, required=False)
@click.option("--from-log", is_flag=True, help="Learn from the log: from leads as they were when first scored.")
@click.option("--backdated", is_flag=True, help="With --from-log: use scores asked for an earlier day, too.")
@click.option("--seed", default=0, show_default=True, help="The same inputs and seed give the same release.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 50),
    default=1,
    show_default=True,
    help="Train so often, with the seeds that follow, to measure how far they differ.",
)
@click.option(
    "--held-out", type=click.FloatRange(0.05, 0.6), default=0.25, show_default=True, help="Share of leads to judge by."
)
@click.option("--draft", is_flag=True, help="Make a release that nobody serves until `releases use` chooses it.")
@click.option("--force", is_flag=True, help="Make the new release current even if it is worse.")
@click.option(
    "--sign-off", default="", metavar="REASON", help="Why it may exceed the card's `fairness`; stays in the release."
)
@events
@accept_left_out
@without
@reading_options
@home
@log_url
@click.option(
    "--as-of", type=Day(), help="Day on which DATA, or the log, was taken; its newest plausible day if left out."
)
@as_json
@gather("source", HistorySource)
def train(
    card: Path,
    source: HistorySource,
    without: tuple[str, ...],
    reading: ReadingOptions,
    as_of: date | None,
    seed: int,
    seeds: int,
    held_out: float,
    draft: bool,
    force: bool,
    sign_off: str,
    events: Path | None,
    accept_left_out: bool,
    as_json: bool,
) -> None:
    """Learn from past leads for CARD, and make a release.

    The past leads come from the history DATA, or from the log of scores. The new release becomes the current one,
    unless it is a draft, does worse than the current one on the same held-out leads, or exceeds a bound of the card's
    `fairness`.
    """
    with training_imports("training"):
        from leadledger.training.runs.tracking import log_run
        from leadledger.training.runs.train import train as learn
        from leadledger.training.runs.train_text import training_text
    from leadledger.models.releases.store import Releases

    releases = Releases(source.home)
    with show_steps() as show_step, ExitStack() as stack:
        show_step("reading the history")
        history = stack.enter_context(source.open(card))
        earlier = _open_earlier(releases)
        training = learn(
            card,
            history,
            as_of=as_of,
            seed=seed,
            seeds=seeds,
            held_out=held_out,
            current=earlier,
            events=events,
            reading=reading,
            today=today(),
            accept_left_out=accept_left_out,
            without=without,
            progress=show_step,
        )
    name = training.publish(releases, datetime.now(UTC), draft=draft, force=force, sign_off=sign_off)
    logged = log_run(training, name)
    is_current = releases.current() == name
    text = (
        f"{training_text(training, name, is_current, width(), draft=draft, sign_off=sign_off)}\n"
        f"The whole report, for a browser: {releases.path(name, 'report.html')}"
    )
    report(as_json, {"release": name, "home": str(source.home), "current": is_current, **training.to_dict()}, text)
    if logged:
        click.echo(logged, err=True)


def _open_earlier(releases: Releases) -> EarlierReleases | None:
    """The current release and the best so far, to compare the new one with.

    None where there is none, or the current one is refused (stderr says so).
    """
    from leadledger.training.runs.earlier_releases import open_earlier

    try:
        return open_earlier(releases)
    except ScoringError as error:
        click.echo(f"The new release can't be compared with the current one: {error}", err=True)
        return None
