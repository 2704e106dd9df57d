"""What the commands share: options, the refusal of what can't be done, and how they print."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from leadledger.scoring.errors import ScoringError

P = ParamSpec("P")


class Day(click.ParamType[date]):
    """A day on the command line: 2026-01-31."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it, or refuse it as wrong usage."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write it like 2026-01-31", param, ctx)


FILE = click.Path(path_type=Path)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
as_of = click.option("--as-of", type=Day(), help="The day of scoring; today, in UTC, if left out.")
home = click.option(
    "--home",
    type=FILE,
    envvar="LEADLEDGER_HOME",
    default=Path("leadledger-home"),
    show_default=True,
    help="The folder that holds the releases.",
)
log_url = click.option(
    "--log-url",
    envvar="LEADLEDGER_LOG_URL",
    metavar="URL",
    help="The log's database, like postgresql://user@host/database; a file in the home if left out.",
)
release = click.option("--release", help="The release to use; the current one if left out.")
card_alone = click.option("--card", type=FILE, help="Use this card alone, its rules as declared, and no release.")


def refusing(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a refusal into a message on stderr and exit status 1."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ScoringError as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return wrapped


def on_the_line(option: str) -> bool:
    """Whether an option stands on the command line, and is not a default or of the environment."""
    return click.get_current_context().get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def today() -> date:
    """The day, in UTC; the only clock of the command line."""
    return datetime.now(UTC).date()


def width() -> int:
    """The columns to write for: the terminal's, at most 100; 80 in a pipe."""
    return min(100, shutil.get_terminal_size((80, 24)).columns)


def show(data: Mapping[str, Any]) -> None:
    """Print JSON."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))
