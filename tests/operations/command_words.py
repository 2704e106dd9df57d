"""Commands in files and pages: whether the command line has them, with these options and values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click

from leadledger.api.cli.commands import cli

_PATH = re.compile(r"[\w:./\\-]*(?:/bin/leadledger|\\Scripts\\leadledger\.exe)")
_OPERATOR = re.compile(r"[;&|()<>]+")


def find_commands(text: str) -> Iterator[list[str]]:
    """The words behind the program's name, of each command in a text of a shell; comments are left out.

    The program stands there by its path, or by its name where a command begins.
    """
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
        lexer.whitespace_split = True
        words = [*lexer]
        for place, word in enumerate(words):
            begins = place == 0 or _OPERATOR.fullmatch(words[place - 1]) is not None
            if _PATH.fullmatch(word) or (word == "leadledger" and begins):
                rest = words[place + 1 :]
                end = next((i for i, other in enumerate(rest) if _OPERATOR.fullmatch(other)), len(rest))
                is_redirected = end < len(rest) and rest[end].startswith(">") and rest[end - 1 : end] in (["1"], ["2"])
                yield rest[: end - 1 if is_redirected else end]


def check_words(words: list[str]) -> None:
    """Fail unless the command line takes these words: the command, its options, their values."""
    parent: click.Context | None = None
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        parent = click.Context(command, info_name=command.name, parent=parent, **command.context_settings)
        _, subcommand, words = command.resolve_command(parent, words)
        assert subcommand is not None
        command = subcommand
    with command.make_context(command.name, [*words], parent=parent):
        pass
