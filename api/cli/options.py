"""Options that several commands share, and how options become one argument.

A command lists its own options first, then those of here, in this order: `--sheet`, `--header-row`, `--home`,
`--release`, `--card`, `--log-url`, `--as-of`, `--json`. Given before the name of a subcommand, a shared option counts
for the subcommand.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from leadledger.scoring.day_forms import UTC_NAME, find_zone

if TYPE_CHECKING:
    from leadledger.api.service.loaded import LoadedCard
    from leadledger.scoring.scorecard import Scorecard
    from leadledger.training.sources.reading import ReadingOptions

Command = Callable[..., None]
FILE = click.Path(path_type=Path)


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


class Names(click.ParamType[tuple[str, ...]]):
    """Names on the command line, with commas between them; a name that has a comma stands in quotes, as in CSV."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split them, or refuse them as wrong usage."""
        if isinstance(value, tuple):
            return value
        try:
            names = next(csv.reader([value], skipinitialspace=True, strict=True), [])
        except csv.Error:
            self.fail(f"{value!r} has a quote that is not closed, or text behind one", param, ctx)
        return tuple(name.strip() for name in names if name.strip())


class SharedOption(click.Option):
    """An option of a group and of its subcommands: given to the group, it counts for the subcommand."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """The value and where it comes from: the subcommand's own words, else the group's, else a default."""
        value, source = super().consume_value(ctx, opts)
        group = ctx.parent
        if source is not ParameterSource.COMMANDLINE and group is not None and is_given(self.name or "", group):
            return group.params[self.name or ""], ParameterSource.COMMANDLINE
        return value, source


as_json = click.option("--json", "as_json", cls=SharedOption, is_flag=True, help="Print the result as JSON.")
as_of = click.option("--as-of", type=Day(), help="Day to score for; today, in the card's time zone, if left out.")
home = click.option(
    "--home",
    cls=SharedOption,
    type=FILE,
    envvar="LEADLEDGER_HOME",
    show_envvar=True,
    default=Path("leadledger-home"),
    show_default=True,
    help="Folder that holds the releases, the keys and the log.",
)
log_url = click.option(
    "--log-url",
    cls=SharedOption,
    envvar="LEADLEDGER_LOG_URL",
    show_envvar=True,
    metavar="URL",
    help="Database of the log, like postgresql://user@host/database; a file in the home if left out.",
)
release = click.option("--release", help="Release to use; the current one if left out.")
card = click.option("--card", type=FILE, help="Use this card alone, its rules as declared, and no release.")


accept_left_out = click.option(
    "--accept-left-out",
    is_flag=True,
    help="Go on where the rows that can't be used would change the result.",
)


def _join_names(context: click.Context, option: click.Parameter, names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(name for listed in names for name in listed)


without = click.option(
    "--without",
    type=Names(),
    multiple=True,
    callback=_join_names,
    metavar="FIELDS",
    help="Go on without these fields of the card, for which the history has no column.",
)
events = click.option("--events", type=FILE, help="File with the events of the leads, for a card that counts them.")
sheet = click.option("--sheet", metavar="NAME", help="Sheet of a workbook; the active, visible one if left out.")
header_row = click.option(
    "--header-row",
    type=click.IntRange(min=1),
    metavar="N",
    help="Row (of a text: line) with the names of the columns; found if left out.",
)


@dataclass(frozen=True)
class ScorecardSource:
    """Where the scorecard comes from: a card alone, or a release of a home (None: the current one)."""

    home: Path
    release: str | None
    card: Path | None

    def __post_init__(self) -> None:
        if self.card is not None and self.release is not None:
            raise click.UsageError("--card and --release exclude each other; give one of the two")

    def open(self) -> Scorecard:
        """The scorecard. Raises ScoringError."""
        if self.card is not None:
            from leadledger.scoring.card.reader import load

            return load(self.card)
        from leadledger.models.releases.store import Releases

        return Releases(self.home).open(self.release)

    def load(self) -> LoadedCard:
        """The scorecard as the service loads it, with what the log needs to know of it. Raises ScoringError."""
        from leadledger.api.service.loaded import load
        from leadledger.api.service.settings import Settings

        return load(Settings(home=self.home, release=self.release, card=self.card))


def gather(argument: str, make: Callable[..., Any], names: Sequence[str] = ()) -> Callable[[Command], Command]:
    """Give a command several options as one argument: what `make` returns for them.

    The options are those with the `names`; with none, those with the names of the parameters of `make`.
    """
    gathered = tuple(names) or tuple(signature(make).parameters)

    def decorate(command: Command) -> Command:
        @wraps(command)
        def call(*positional: Any, **values: Any) -> None:
            values[argument] = make(**{name: values.pop(name) for name in gathered})
            command(*positional, **values)

        return call

    return decorate


def scorecard_source(command: Command) -> Command:
    """`--home`, `--release` and `--card`, as the argument `source`."""
    return home(release(card(gather("source", ScorecardSource)(command))))


def _reading(**options: Any) -> ReadingOptions:
    from leadledger.training.sources.reading import ReadingOptions

    return ReadingOptions(**options)


def reading_options(command: Command) -> Command:
    """`--sheet` and `--header-row`, as the argument `reading`."""
    return sheet(header_row(gather("reading", _reading, ("sheet", "header_row"))(command)))


def is_given(option: str, context: click.Context | None = None) -> bool:
    """Whether an option stands on the command line, and is neither a default nor from the environment."""
    context = context or click.get_current_context()
    return context.get_parameter_source(option) is ParameterSource.COMMANDLINE


def today(time_zone: str = UTC_NAME) -> date:
    """The day in a time zone, a card's; the only clock of the command line."""
    return datetime.now(find_zone(time_zone)).date()
