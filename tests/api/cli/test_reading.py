"""Every command that reads a list takes the same options of reading, and says what it noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from leadledger.api.cli.commands import cli

CARD = """
name: reading
fields:
  id: {kind: id}
  need: {kind: text}
outcome: {became: {field: won, kind: flag}}
rules: [{name: urgent, when: need = 'urgent', points: 12, reason: Urgent}]
stages: [{name: lead}]
"""
NOTE = "Sheet 'Leads' is read; not read: 'Old' (hidden). --sheet NAME reads another."


@pytest.mark.parametrize("command", ["score", "train", "recalibrate", "backtest", "check", "explain", "sql"])
def test_options_of_reading(command: str) -> None:
    """Each command lists `--sheet` and `--header-row`."""
    shown = CliRunner().invoke(cli, [command, "--help"]).output
    assert "--sheet NAME" in shown
    assert "--header-row N" in shown


@pytest.mark.slow
def test_a_history_in_a_workbook(tmp_path: Path) -> None:
    """`train` and `backtest` read the visible sheet, name the hidden one, and read that where it is wanted."""
    import openpyxl  # type: ignore[import-untyped]

    card, history, home = tmp_path / "card.yaml", tmp_path / "history.xlsx", tmp_path / "home"
    card.write_text(CARD)
    book = openpyxl.Workbook()
    old, leads = book.active, book.create_sheet("Leads")
    old.title, old.sheet_state = "Old", "hidden"
    for sheet, count in ((old, 3), (leads, 5)):
        sheet.append(["id", "need", "won"])
        for number in range(count):
            sheet.append([f"L{number}", "urgent", number % 2 == 0])
    book.active = 1
    book.save(history)

    def run(*arguments: object) -> dict[str, object]:
        result = CliRunner().invoke(cli, [*map(str, arguments), "--home", str(home), "--json"])
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    trained = run("train", card, history)
    assert trained["notes"] == [NOTE]
    assert trained["metrics"]["counts"]["rows"] == 5  # type: ignore[index]  # it is an object
    trained = run("train", card, history, "--sheet", "Old")
    assert trained["notes"] == []
    assert trained["metrics"]["counts"]["rows"] == 3  # type: ignore[index]  # it is an object
    tested = run("backtest", card, card, history)
    assert NOTE in tested["notes"]  # type: ignore[operator]  # it is a list
