"""Progress on a terminal: the step at work, or a bar. Nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import click

from leadledger.api.cli.printing import show_controls, width


@contextmanager
def show_steps() -> Iterator[Callable[[str], None]]:
    """A function that shows the name of a step in the place of the one before; none is left at the end."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    try:
        yield lambda step: click.echo(f"\r\033[K{step} …", err=True, nl=False)
    finally:
        click.echo("\r\033[K", err=True, nl=False)


@contextmanager
def show_bar(label: str) -> Iterator[Callable[[float, int], None] | None]:
    """A function that draws a bar for a share done (0..1) and a number of rows; None in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    started = monotonic()

    def draw(share: float, rows: int) -> None:
        seconds = monotonic() - started
        seconds_left = seconds / share * (1 - share) if share else 0
        full = round(20 * share)
        line = (
            f"{show_controls(label[:20])} {'█' * full}{'░' * (20 - full)} {share:4.0%}  {rows:,} rows"
            f"  {rows / seconds:,.0f}/s  {seconds_left:,.0f} s left"
        )
        click.echo(f"\r\033[K{line[: width() - 1]}", err=True, nl=False)

    try:
        yield draw
    finally:
        click.echo("\r\033[K", err=True, nl=False)
