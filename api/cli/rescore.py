"""`leadledger rescore`: the book of known leads, worked out again as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.log import open_log
from leadledger.api.cli.options import ScorecardSource, as_json, as_of, log_url, scorecard_source, today
from leadledger.api.cli.printing import count, report, wrap
from leadledger.api.cli.progress import show_bar

if TYPE_CHECKING:
    from leadledger.api.service.rescore import BookRescore


CAUSES_IN_WORDS = {"release": "the release", "time": "time", "data": "events and feedback"}


@click.command()
@click.option("--dry-run", is_flag=True, help="Write nothing; say how many decisions would change, and why.")
@scorecard_source
@log_url
@as_of
@as_json
def rescore(dry_run: bool, source: ScorecardSource, log_url: str | None, as_of: date | None, as_json: bool) -> None:
    """Work every lead of the book out again, as of a day.

    Scores fade without new data. Run it once a day, beside the service: it counts the events that are stored by now,
    moves the scores of the book, and writes each decision that changes to the log, with its messages. A run that was
    ended goes on where it was.
    """
    from leadledger.api.service.rescore import rescore_book

    loaded = source.load()
    zone = loaded.card.card.time_zone
    day = as_of or today(zone)
    if day > today(zone) and not dry_run:
        raise click.UsageError(f"--as-of {day} lies ahead; with --dry-run, see what would change by then")
    with open_log(source.home, log_url) as log:
        if loaded.digest and not dry_run:
            log.keep_card(loaded.digest, loaded.text)
        with show_bar("book") as draw:
            rescored = rescore_book(log, loaded, source.home, day, is_dry=dry_run, progress=draw)
    report(as_json, rescored.to_dict(), wrap(_list_lines(rescored)))


def _list_lines(rescored: BookRescore) -> Iterator[str]:
    """What became of the book, for the terminal."""
    from leadledger.api.service.rescore import list_changes

    would = "would be worked out" if rescored.is_dry else "worked out"
    by = f"release {rescored.release}" if rescored.release else f"the card '{rescored.card}'"
    moved = f"{rescored.moved:,} with other points" if rescored.moved else "none with other points"
    yield f"{count(rescored.rescored, 'lead')} {would} as of {rescored.as_of} by {by}, {moved}"
    if rescored.current:
        yield f"{count(rescored.current, 'lead')} stood at that day and release already"
    if rescored.later:
        yield f"{count(rescored.later, 'lead')} of a later day left as they are"
    if rescored.of_other_cards:
        yield f"{count(rescored.of_other_cards, 'lead')} of other cards left as they are"
    if rescored.overtaken:
        yield f"{count(rescored.overtaken, 'lead')} scored by others meanwhile"
    if rescored.not_recounted:
        is_single = rescored.not_recounted == 1
        keep = "keeps its score: its events came with it" if is_single else "keep their scores: their events came along"
        yield (
            f"{count(rescored.not_recounted, 'lead')} {keep} and are not stored, so they can't be counted again; send"
            " them to /v1/events, too"
        )
    change = "would change" if rescored.is_dry else "changed"
    because = [f"{CAUSES_IN_WORDS[cause]} {number:,}" for cause, number in sorted(rescored.causes.items())]
    yield f"Decisions that {change}: {rescored.decisions:,}" + (f", by {', '.join(because)}" if because else "")
    for title in ("recommendations", "stages", "grades"):
        changes = list_changes(getattr(rescored, title))
        words = ["{before} → {after} {leads:,}".format(**change) for change in changes]
        if words:
            yield f"{title.capitalize()}: {' · '.join(words)}"
    if rescored.messages:
        yield f"Messages to deliver: {rescored.messages:,}"
