"""What reports print: no control of a terminal, and on consoles that are not UTF-8 what these can show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadledger.api.cli.printing import show_controls
from tests.command_line import run


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("over\rwritten", "over\\rwritten"),
        ("\x9b31mred", "\\x9b31mred"),
        ("turned\u202earound", "turned\\u202earound"),
        ("naïve → Größe", "naïve → Größe"),
    ],
)
def test_controls_are_shown(text: str, shown: str) -> None:
    """What would move a terminal's cursor, or turn its writing, is printed as an escape."""
    assert show_controls(text) == shown


def test_a_lead_cannot_write_to_the_terminal(small: Path, tmp_path: Path) -> None:
    """Escape sequences in a lead's texts, and in the message of a refusal, come out as text."""
    (tmp_path / "lead.json").write_text(json.dumps({"need": "clear", "id": "x", "note\x1b[2J": "y"}))
    assert "\x1b" not in run("explain", tmp_path / "lead.json", "--card", small).output
    assert "\x1b" not in run("explain", tmp_path / "\x1b[2J.json", "--card", small).output


@pytest.mark.slow  # starts Python
@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_a_console_that_is_not_utf8(small: Path, tmp_path: Path, encoding: str) -> None:
    """It prints what it can, escapes the rest, changes no text of a lead in JSON, and never fails."""
    (tmp_path / "lead.json").write_text(json.dumps({"need": "clear", "Łódź → x": "ж"}, ensure_ascii=False), "utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def explain(lead: str, *options: str, stdin: bytes = b"") -> str:
        command = [sys.executable, "-m", "leadledger", "explain", lead, "--card", str(small), *options]
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True, check=True)
        return done.stdout.decode(encoding)

    raw = (tmp_path / "lead.json").read_bytes()
    text = explain(str(tmp_path / "lead.json"))
    assert "Total" in text
    assert "->" in text
    assert json.loads(explain(str(tmp_path / "lead.json"), "--json"))["ignored"] == ["Łódź → x"]
    assert json.loads(explain("-", "--json", stdin=raw))["ignored"] == ["Łódź → x"]
