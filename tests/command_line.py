"""The command line, for the tests: a command in this process, and lists that none accepts."""

from __future__ import annotations

from click.testing import CliRunner, Result

from leadledger.api.cli.commands import cli

# The bytes of a file, and the words with which it is refused.
BAD_DATA = {
    "empty": (b"", "the file is empty"),
    "no such column": (b"need\nclear\n", "has no column 'became', the outcome that the card names."),
    "not CSV": (b'need "clear"\n', "has a header and no rows"),
    "binary": (bytes(range(256)) * 8, "is not a list but binary data"),
    "wrong encoding": ("need,became\nжюя жюя жюя,1\n".encode("cp1251"), "line 2 is not UTF-8 text"),
    "no field": (b"x,became\n1,1\n", "no column belongs to the card 'small'"),
}


def run(*words: object, stdin: str | None = None) -> Result:
    """Run a command in this process; anything but a refusal or wrong usage is raised."""
    return CliRunner().invoke(cli, [str(word) for word in words], input=stdin, catch_exceptions=False)
