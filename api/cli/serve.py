"""`leadledger serve`: the HTTP service. The options of its settings are made of `Settings`."""

from __future__ import annotations

import gc
import sys
from dataclasses import Field, fields
from typing import Any

import click

from leadledger.api.cli.options import FILE, Command, ScorecardSource, log_url, scorecard_source
from leadledger.api.service.settings import Settings, choices_of, help_of, minimum_of

SHARED = ("home", "release", "card", "log_url")  # settings whose options other commands have too


def _option(setting: Field[Any]) -> click.Option:
    """The option of a setting, with its choices or its minimum, its default and its help."""
    flag = f"--{setting.name.replace('_', '-')}"
    if setting.default is False:
        return click.Option([flag], is_flag=True, help=help_of(setting))
    return click.Option([flag], type=_kind(setting), default=setting.default, help=help_of(setting))


def _kind(setting: Field[Any]) -> click.ParamType[Any]:
    """What the value of a setting is: one of some texts, a number from its minimum on, a file, or any text."""
    if choices_of(setting):
        return click.Choice(choices_of(setting))
    if isinstance(setting.default, int):
        return click.IntRange(min=minimum_of(setting))
    return FILE if "Path" in str(setting.type) else click.STRING


def setting_options(command: Command) -> Command:
    """An option for each setting of the service that no other command has."""
    for setting in reversed(fields(Settings)):
        if setting.name not in SHARED:
            command.__dict__.setdefault("__click_params__", []).append(_option(setting))
    return command


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Number of processes.")
@setting_options
@scorecard_source
@log_url
def serve(host: str, port: int, workers: int, source: ScorecardSource, **settings: Any) -> None:
    """Score over HTTP.

    One lead or many, the history of scores, and more: /docs of the service describes it. The service answers with the
    current release, and switches to a new one without a restart. Without keys it answers this machine only;
    `leadledger keys add` makes one. It logs JSON lines on stderr.
    """
    # Next to nothing of what a start loads is garbage, and to look for it takes a fifth of the time. Each process that
    # serves does so once it has answered its first requests.
    gc.disable()
    try:
        sys.exit(_run(host, port, workers, source, settings))
    finally:
        gc.enable()


def _run(host: str, port: int, workers: int, source: ScorecardSource, settings: dict[str, Any]) -> int:
    from leadledger.api.server.serve import serve as run

    try:
        chosen = Settings(home=source.home, release=source.release, card=source.card, **settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return run(chosen, host, port, workers)
