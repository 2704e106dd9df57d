"""The command line: `leadledger COMMAND`, a file per command.

Every command that reports takes `--json`. Exit status: 0 done, 1 a refused card, data, lead or gate, 2 wrong usage.
Commands import heavy libraries inside their functions, so that `serve`, `score` and `--help` start fast.
"""

from __future__ import annotations

from typing import Any

import click

from leadledger.api.cli.command_table import CommandTable
from leadledger.api.cli.printing import prepare_consoles, show_controls
from leadledger.scoring.errors import ScoringError


class CommandLine(click.Group):
    """All commands. A refusal is a message on stderr and exit status 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ScoringError as error:
            click.echo(show_controls(str(error)), err=True)
            ctx.exit(1)


@click.group(
    "leadledger",
    cls=CommandLine,
    commands=CommandTable(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="leadledger")
def cli() -> None:
    """Score leads with rules and learned tables. Every point has a reason, and the points add up."""


def main() -> None:
    """The entry point of the installed command."""
    prepare_consoles()
    cli(prog_name="leadledger")


if __name__ == "__main__":
    main()
