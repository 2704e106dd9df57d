"""`--home`, `--json` and `--help` stand in the same places and mean the same for every command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from leadledger.api.cli.commands import cli
from leadledger.api.cli.score import WANTED
from leadledger.api.lists.capabilities import ENGINES
from leadledger.api.lists.wanted import Wanted

NO_HOME = {"demo", "import", "init"}  # a folder of its own; a list alone, or a file of another system
NO_REPORT = {"demo", "digest", "mcp", "serve", "sql"}  # a tour; a mail; a service; a SELECT
SHARED = ["home", "release", "card", "log_url", "as_of", "as_json"]  # in this order, after a command's own options


def walk(command: click.Command = cli, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and subcommand, with the words that call it."""
    if words:
        yield words, command
    if isinstance(command, click.Group):
        for name, subcommand in command.commands.items():
            yield from walk(subcommand, (*words, name))


COMMANDS = dict(walk())
SUBCOMMANDS = [words for words in COMMANDS if len(words) > 1]


def run(*words: object) -> Result:
    """Run the command in this process; anything but a refusal or wrong usage is raised."""
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def options(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by their names, in the order of its help."""
    return {str(option.name): option for option in command.params if isinstance(option, click.Option)}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_them(words: tuple[str, ...]) -> None:
    """`--home` where something is kept, `--json` where something is reported, `-h` and `--help` everywhere."""
    assert ("home" in options(COMMANDS[words])) == (words[0] not in NO_HOME)
    assert ("as_json" in options(COMMANDS[words])) == (words[0] not in NO_REPORT)
    for flag in ("-h", "--help"):
        done = run(*words, flag)
        assert (done.exit_code, done.output.split(" [")[0]) == (0, f"Usage: leadledger {' '.join(words)}")


REFERENCE = {"home": "train", "release": "score", "card": "score", "log_url": "train", "as_json": "check"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_they_mean_the_same(words: tuple[str, ...]) -> None:
    """A shared option has the same flags, help and default everywhere, and stands behind a command's own options."""
    by_name = options(COMMANDS[words])
    shared = [name for name in SHARED if name in by_name]
    assert [*by_name][len(by_name) - len(shared) :] == shared
    for name in REFERENCE.keys() & by_name.keys():
        option, reference = by_name[name], options(COMMANDS[REFERENCE[name],])[name]
        assert (option.opts, option.help, option.default) == (reference.opts, reference.help, reference.default)
        assert (type(option), option.envvar) == (type(reference), reference.envvar)


@pytest.mark.parametrize("words", SUBCOMMANDS, ids=" ".join)
def test_a_group_hands_its_options_on(words: tuple[str, ...]) -> None:
    """Whatever a group takes, its subcommands take too."""
    group, subcommand = options(COMMANDS[words[:-1]]), options(COMMANDS[words])
    assert set(group) <= set(subcommand)


def test_a_home_before_or_after_the_subcommand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both mean the same; what stands nearest counts, and either counts more than the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADLEDGER_HOME", "of-environment")
    made = [
        json.loads(run("keys", *words).stdout)["name"]
        for words in (
            ["--home", "a", "--json", "add", "1", "--scope", "read"],
            ["add", "2", "--scope", "read", "--home", "a", "--json"],
            ["--home", "b", "--json", "add", "3", "--scope", "read", "--home", "a"],
            ["--json", "add", "4", "--scope", "read"],
        )
    ]
    assert made == ["1", "2", "3", "4"]
    for place, names in (("a", ["1", "2", "3"]), ("b", []), ("of-environment", ["4"])):
        kept = json.loads(run("keys", "--home", place, "--json").stdout)["keys"]
        assert [key["name"] for key in kept] == names


def test_the_log_before_or_after_the_subcommand(tmp_path: Path) -> None:
    """`--home`, `--log-url` and `--json` of `log` may stand on either side."""
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    for words in (
        ["log", "--home", tmp_path / "none", "--log-url", url, "--json", "prune", "--older-than", "9"],
        ["log", "prune", "--older-than", "9", "--home", tmp_path / "none", "--log-url", url, "--json"],
    ):
        counts = json.loads(run(*words).stdout)
        assert {"scores", "answers", "outcomes", "events", "joins", "book", "messages"} <= set(counts)
        assert set(counts.values()) == {0}
    assert (tmp_path / "x.sqlite3").is_file()
    assert not (tmp_path / "none" / "log.sqlite3").exists()


def test_what_can_be_wanted_of_a_list_can_be_asked_for() -> None:
    """Each member of `Wanted`, and each setting of an engine, is an option of `score`."""
    names = set(options(COMMANDS["score",]))
    assert set(WANTED) == set(Wanted.__dataclass_fields__)
    assert names >= set(WANTED)
    assert names >= {name for engine in ENGINES.values() for name in engine.takes}


def test_the_first_sentences_fit() -> None:
    """No sentence of the list of commands is cut off in a terminal of 80 columns."""
    for words in [(), ("releases",), ("keys",), ("hooks",), ("leads",), ("log",)]:
        assert "..." not in run(*words, "--help").output.partition("Commands:")[2]
