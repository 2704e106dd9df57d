"""The command line: `leadledger COMMAND`, a file per command.

Every command that reports takes `--json`. Exit status: 0 done, 1 a refused card, data, lead or gate, 2 wrong usage.
Commands import heavy libraries inside their functions, so that `serve`, `score` and `--help` start fast.
"""

from __future__ import annotations

from typing import Any

import click

from leadledger.api.cli.backtest import backtest
from leadledger.api.cli.backup import backup
from leadledger.api.cli.check import check
from leadledger.api.cli.dbt import dbt
from leadledger.api.cli.demo import demo
from leadledger.api.cli.digest import digest
from leadledger.api.cli.doctor import doctor
from leadledger.api.cli.explain import explain
from leadledger.api.cli.hooks import hooks
from leadledger.api.cli.import_ import import_card
from leadledger.api.cli.init import init
from leadledger.api.cli.keys import keys
from leadledger.api.cli.leads import leads
from leadledger.api.cli.log import log
from leadledger.api.cli.mcp import mcp
from leadledger.api.cli.printing import prepare_consoles, show_controls
from leadledger.api.cli.recalibrate import recalibrate
from leadledger.api.cli.release import release
from leadledger.api.cli.releases import releases
from leadledger.api.cli.rescore import rescore
from leadledger.api.cli.restore import restore
from leadledger.api.cli.retrain import retrain
from leadledger.api.cli.score import score
from leadledger.api.cli.serve import serve
from leadledger.api.cli.sql import sql
from leadledger.api.cli.sync import sync
from leadledger.api.cli.train import train
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
    "leadledger", cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="leadledger")
def cli() -> None:
    """Score leads with rules and learned tables. Every point has a reason, and the points add up."""


COMMANDS = (
    init,
    check,
    import_card,
    release,
    train,
    retrain,
    recalibrate,
    backtest,
    score,
    rescore,
    sync,
    leads,
    digest,
    explain,
    sql,
    dbt,
    serve,
    releases,
    keys,
    log,
    hooks,
    backup,
    restore,
    mcp,
    doctor,
    demo,
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """The entry point of the installed command."""
    prepare_consoles()
    cli(prog_name="leadledger")


if __name__ == "__main__":
    main()
