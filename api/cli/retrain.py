"""`leadledger retrain`: train again when newer leads ask for it, and leave a draft."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadledger.api.cli.extras import training_imports
from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import (
    FILE,
    accept_left_out,
    as_json,
    events,
    gather,
    home,
    log_url,
    reading_options,
    today,
)
from leadledger.api.cli.printing import report, width
from leadledger.api.cli.progress import show_steps
from leadledger.scoring.errors import DataError

if TYPE_CHECKING:
    from leadledger.api.log.store import LogStore
    from leadledger.api.trainings.training_need import TrainedRelease
    from leadledger.models.releases.store import Releases
    from leadledger.training.runs.training_result import Training
    from leadledger.training.sources.reading import ReadingOptions


@dataclass(frozen=True)
class NewHistory:
    """What the next training learns from: a list with its events, or the log; else what the last one learned from."""

    data: Path | None
    from_log: bool
    events: Path | None
    accept_left_out: bool

    def __post_init__(self) -> None:
        if self.data is not None and self.from_log:
            raise click.UsageError("DATA and --from-log exclude each other; give one of the two")


@click.command()
@click.argument("data", type=FILE, required=False)
@click.option("--if-due", is_flag=True, help="Train only if the log has a reason, and say so if not.")
@click.option("--from-log", is_flag=True, help="Learn from the log; as the last training did, if left out.")
@click.option(
    "--new-leads",
    type=click.IntRange(min=1),
    metavar="N",
    help="So many leads with a new outcome are a reason; a tenth of those learned from, 100 at least, if left out.",
)
@click.option(
    "--max-age",
    type=click.IntRange(min=1),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="So old may the newest lead be that was learned from, if there are 20 new ones.",
)
@events
@accept_left_out
@reading_options
@home
@log_url
@as_json
@gather("history", NewHistory)
def retrain(
    history: NewHistory,
    if_due: bool,
    new_leads: int | None,
    max_age: int,
    reading: ReadingOptions,
    home: Path,
    log_url: str | None,
    as_json: bool,
) -> None:
    """Train again, and leave a draft.

    It takes the card of the current release and learns from the log or from the list DATA, as the last training did. It
    never makes a release current. What a draft has learned already is no reason to train once more. Exit status: 0 not
    due, or a draft was made; 1 refused, or another training is at work.
    """
    from leadledger.api.trainings.training_folder import ONE_AT_A_TIME, TRAINING_LOCK
    from leadledger.api.trainings.training_need import find_trained_release, judge_need
    from leadledger.models.locked_file import try_lock_file
    from leadledger.models.releases.store import Releases

    releases = Releases(home)
    trained = find_trained_release(releases)
    with ExitStack() as stack:
        log = stack.enter_context(open_log(home, log_url))
        if not stack.enter_context(try_lock_file(home / TRAINING_LOCK)):
            raise DataError(ONE_AT_A_TIME)
        need = judge_need(releases, trained, log, today(), new_leads, max_age)
        result: dict[str, Any] = {**need.to_dict(), "trained": None, "report": None}
        text = need.sentence
        waiting = "" if trained.is_current else f"\n{_describe_waiting(releases, trained)}"
        if if_due and not need.is_due:
            report(as_json, result, text + waiting)
            return
        training, name = _train(history, reading, releases, trained, log)
    from leadledger.training.runs.train_text import training_text

    path = releases.path(name, "report.html")
    result |= {"trained": name, "report": str(path), "worse": training.worse, "rules_only": training.rules_only}
    text += (
        f"\n{training_text(training, name, False, width(), draft=True, sign_off='')}"
        f"\nThe whole report, for a browser: {path}"
    )
    report(as_json, result, text)


def _describe_waiting(releases: Releases, trained: TrainedRelease) -> str:
    """What is to be done with a release that isn't the current one, which may have been so before."""
    if any(entry.release == trained.name for entry in releases.journal()):
        return f"Release {trained.name} was the current one before; its leads are not counted anew."
    return f"Release {trained.name} waits as a draft: `leadledger releases use {trained.name}` makes it current."


def _train(
    history: NewHistory, reading: ReadingOptions, releases: Releases, trained: TrainedRelease, log: LogStore
) -> tuple[Training, str]:
    """Train with the card of the current release: the training, and the draft that it has left. Raises ScoringError."""
    with training_imports("training"):
        from leadledger.training.runs.train import train as learn
        from leadledger.training.sources.logged import LOG_NAME
    from leadledger.api.log.history import open_history
    from leadledger.scoring.card.reader import read_card
    from leadledger.training.runs.earlier_releases import open_earlier

    is_logged = history.from_log or (history.data is None and trained.source == LOG_NAME)
    if not is_logged and history.data is None:
        raise DataError(_ask_for_list(trained))
    current = releases.current() or ""
    with show_steps() as show_step, ExitStack() as stack:
        show_step("reading the history")
        card = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "card.yaml"
        card.write_bytes(releases.read(current, "card.yaml"))
        data: Any = stack.enter_context(open_history(log, read_card(card))) if is_logged else history.data
        training = learn(
            card,
            data,
            seed=int(trained.provenance.get("seed") or 0),
            current=open_earlier(releases),
            events=history.events,
            reading=reading,
            today=today(),
            accept_left_out=history.accept_left_out,
            without=tuple(trained.provenance.get("without") or ()) if not is_logged else (),
            progress=show_step,
        )
    return training, training.publish(releases, datetime.now(UTC), draft=True)


def _ask_for_list(trained: TrainedRelease) -> str:
    learned = f"has learned from the list {trained.source}" if trained.source else "has learned from nothing yet"
    return (
        f"release {trained.name} {learned}; name the list with the newer leads, `leadledger retrain DATA`, or learn"
        " from the log with --from-log"
    )
