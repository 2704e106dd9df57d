"""docs/operations.md: its blocks that need root, another system or a container are read here.

tests/readme.py runs the others.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.operations.command_words import check_words, find_commands

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
RUN = {"sh", "console", "yaml", "python"}  # by tests/readme.py
READ = {"bash", "powershell"}


def test_each_block_is_run_or_read() -> None:
    """Each block of the page is of a language that is run or read, or a part of a file that has tests of its own."""
    assert {language for language, _ in BLOCKS} <= RUN | READ | {"ini", "text", "nginx", "crontab"}


@pytest.mark.parametrize(
    "block", [block for language, block in BLOCKS if language == "bash"], ids=lambda block: block.split()[0]
)
def test_shell(block: str) -> None:
    """A shell can read the block, the files that it names are there, and its commands are those of leadledger."""
    done = subprocess.run(["bash", "-n", "-c", block], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for name in re.findall(r"examples/[\w/.-]+", block):
        assert (ROOT / name).exists(), name
    for unit in re.findall(r"leadledger-[\w@]+\.(?:service|timer)", block):
        assert (ROOT / "examples" / "operations" / "systemd" / re.sub("@.*(?=[.])", "@", unit)).is_file(), unit
    for words in list_commands(block):
        check_words(words)


def list_commands(block: str) -> list[list[str]]:
    """The commands of leadledger in a block: on the machine itself, and in containers."""
    commands = [*find_commands(block)]
    for line in block.replace("\\\n", " ").splitlines():
        if re.match(r"podman (run|exec) ", line):
            words = shlex.split(line)
            behind = words[len(words) - words[::-1].index("leadledger") :]
            commands += [behind] if behind else []
    return commands


def test_containers_are_found() -> None:
    """The commands behind the name of an image or of a container are found."""
    block = (
        "podman run --rm -v leadledger:/x leadledger release /card.yaml\npodman exec leadledger leadledger rescore\n"
    )
    assert list_commands(block) == [["release", "/card.yaml"], ["rescore"]]


def test_windows() -> None:
    """The commands of leadledger for Windows are there, with the options that they are given."""
    (block,) = [block for language, block in BLOCKS if language == "powershell"]
    lines = re.findall(r'/TR "C:\\leadledger\\Scripts\\leadledger\.exe (.*)"$', block, flags=re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        check_words(line.split())
