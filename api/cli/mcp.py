"""`leadledger mcp`: the tools for agents over standard input and output."""

from __future__ import annotations

from typing import Any

import click

from leadledger.api.cli.options import Names, ScorecardSource, log_url, scorecard_source
from leadledger.api.service.keys import SCOPES
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import DataError, did_you_mean

_TOOL_SCOPES = ("score", "outcomes", "read")  # those that tools need


def _check_scopes(context: click.Context, option: click.Parameter, scopes: tuple[str, ...]) -> tuple[str, ...]:
    for scope in scopes:
        if scope not in SCOPES:
            raise click.BadParameter(f"{scope!r} is not a scope.{did_you_mean(scope, SCOPES)}", context, option)
    return scopes


@click.command("mcp")
@click.option(
    "--scopes",
    type=Names(),
    default=",".join(_TOOL_SCOPES),
    show_default=True,
    callback=_check_scopes,
    metavar="SCOPES",
    help="What the agent may do: with `read` alone it changes nothing.",
)
@scorecard_source
@log_url
def mcp(scopes: tuple[str, ...], source: ScorecardSource, log_url: str | None) -> None:
    """Serve tools to an agent (MCP, over stdin and stdout).

    The agent's program starts this command: docs/mcp.md has the lines for its settings. A running service has the same
    tools at /mcp, with keys. Logs are JSON lines on stderr.
    """
    from leadledger.api.mcp.extra import HOW_TO_INSTALL, is_installed

    if not is_installed():
        raise DataError(f"mcp needs the package mcp: {HOW_TO_INSTALL}")
    from leadledger.api.mcp.stdio import serve_stdio

    named: dict[str, Any] = {"home": source.home, "release": source.release, "card": source.card, "log_url": log_url}
    serve_stdio(Settings(**named), scopes)
