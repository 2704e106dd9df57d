"""`leadledger backtest`: what an edited card would have changed for past leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
    gather,
    home,
    reading_options,
    release,
    today,
    without,
)
from leadledger.api.cli.printing import report, width
from leadledger.api.cli.progress import show_steps

if TYPE_CHECKING:
    from leadledger.training.sources.reading import ReadingOptions


@dataclass(frozen=True)
class LearnedSource:
    """Where what was learned comes from: a release of a home (None: the current one), or nowhere."""

    home: Path
    release: str | None
    rules_alone: bool

    def __post_init__(self) -> None:
        if self.rules_alone and self.release is not None:
            raise click.UsageError("--rules-alone and --release exclude each other; give one of the two")


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.argument("history", type=FILE)
@click.option("-o", "--out", type=FILE, help="CSV file for the leads that change.")
@click.option("--rules-alone", is_flag=True, help="Rules as declared: apply nothing that a release has learned.")
@events
@accept_left_out
@without
@reading_options
@home
@release
@click.option("--as-of", type=Day(), help="Day on which HISTORY was taken; its newest plausible day if left out.")
@as_json
@gather("learned_source", LearnedSource)
def backtest(
    old: Path,
    new: Path,
    history: Path,
    out: Path | None,
    events: Path | None,
    accept_left_out: bool,
    without: tuple[str, ...],
    reading: ReadingOptions,
    learned_source: LearnedSource,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Compare two cards on past leads.

    Shows which leads of HISTORY would have got another grade or recommendation under the card NEW than under the card
    OLD, what became of them, and which edit is responsible.

    What the current release has learned is applied to both cards, if it is a release of the same card.
    """
    with training_imports("a back-test"):
        from leadledger.training.evidence.backtesting import backtest as compare
        from leadledger.training.evidence.backtesting import learned_for
        from leadledger.training.evidence.backtesting_text import backtest_text
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.card.reader import read_card

    card = read_card(old)
    scorecard = None
    if not learned_source.rules_alone:
        scorecard = learned_for(card, Releases(learned_source.home), learned_source.release)
    with show_steps() as show_step:
        result = compare(
            card,
            new,
            history,
            as_of=as_of,
            events=events,
            learned=scorecard.learned if scorecard else None,
            release=scorecard.release if scorecard else "",
            reading=reading,
            today=today(),
            accept_left_out=accept_left_out,
            without=without,
            progress=show_step,
        )
    text = backtest_text(result, width())
    if out is not None:
        result.write(out)
        text += f"\nThe leads that change: {out}"
    report(as_json, {"changes": out and str(out), **result.to_dict()}, text)
