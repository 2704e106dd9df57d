"""The commands by name, each loaded when it is first asked for: `serve` starts without the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import click

# Each is a function of the same name in a file of the same name.
NAMES = (
    *("init", "check", "import", "release", "train", "retrain", "recalibrate", "backtest", "score", "rescore", "sync"),
    *("leads", "digest", "explain", "sql", "dbt", "serve", "releases", "keys", "log", "hooks", "backup", "restore"),
    *("mcp", "doctor", "demo"),
)
_FUNCTIONS = {"import": ("import_", "import_card")}  # a word of Python can't name a file that is imported


class CommandTable(Mapping[str, click.Command]):
    """The commands by name; to go through their names loads none."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in NAMES:
            raise KeyError(name)
        file, function = _FUNCTIONS.get(name, (name, name))
        command: click.Command = getattr(import_module(f"leadledger.api.cli.{file}"), function)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def __contains__(self, name: object) -> bool:
        return name in NAMES
