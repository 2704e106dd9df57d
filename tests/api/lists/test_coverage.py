"""How well a card fits a list: what can be read, how full fields are, how often rules fire; and a card's own cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from leadledger.api.lists.card_cases import find_case_failures
from leadledger.api.lists.coverage import measure_coverage
from leadledger.scoring.card.reader import parse_card

CARD = """
name: small
fields:
  id: {kind: id}
  need: {kind: text, values: [vague, clear, urgent]}
  budget: {kind: number}
  seen: {kind: date}
rules:
  - {name: urgent, when: need = 'urgent', points: 12.5, reason: Urgent}
  - {name: rich, when: budget >= 1e4, points: 5, reason: Rich}
stages: [{name: lead}]
"""
LEADS = "id,need,budget,note\n1,urgent,20000,\n2,vague,,x\n3,maybe,1,\n4\n5,urgent,5,\n"


def test_a_card_and_a_list(tmp_path: Path) -> None:
    """Rows that can't be read are counted with their reasons, and in no share."""
    (tmp_path / "leads.csv").write_text(LEADS)
    coverage = measure_coverage(parse_card(CARD), tmp_path / "leads.csv", date(2026, 7, 1), date(2026, 7, 1))
    assert (coverage.rows, coverage.readable) == (5, 3)
    assert [(reject.row, reject.column, reject.value) for reject in coverage.rejects] == [
        (4, "", "4"),
        (3, "need", "maybe"),
    ]
    assert coverage.to_dict()["filled"] == {"id": 1.0, "need": 1.0, "budget": 0.6667}
    assert coverage.to_dict()["rules"] == {"urgent": {"fires": 2, "unknown": 0}, "rich": {"fires": 1, "unknown": 1}}
    assert coverage.fit.unused == ("note",)


def test_a_case_that_fails() -> None:
    """A case is named with its line, and what it got in place of what it expects; one that passes is not."""
    cases = """
cases:
  - {name: rich, lead: {budget: 20000}, expect: {points: 55}}
  - {name: poor, lead: {budget: 2}, expect: {points: 55}}
"""
    (message,) = find_case_failures(parse_card(CARD + cases))
    assert message == "line 15: poor: expected points 55.0, got 50.0 (50.0 points)"


HISTORY = """
name: aging
fields:
  created: {kind: date}
  seen: {kind: date}
outcome: {became: {field: won, kind: date}, since: created, within: 30 days}
rules:
  - {name: fresh, when: days_since(seen) <= 10, points: 5, reason: Seen lately}
"""
TODAY = date(2026, 7, 1)


@pytest.mark.slow
def test_a_history_counts_as_of_each_leads_own_day(tmp_path: Path) -> None:
    """The leads of a history are looked at on their own days, those of any other list today, or all on a given day."""
    (tmp_path / "history.csv").write_text("created,seen,won\n2020-01-10,2020-01-05,\n2021-01-10,2020-01-05,\n")
    (tmp_path / "list.csv").write_text("created,seen\n2020-01-10,2020-01-05\n2021-01-10,2020-01-05\n")
    card = parse_card(HISTORY)

    def fires(data: str, as_of: date | None) -> tuple[object, int]:
        coverage = measure_coverage(card, tmp_path / data, as_of, TODAY)
        return coverage.as_of, coverage.fires["fresh"][0]

    assert fires("history.csv", None) == ("created", 1)
    assert fires("list.csv", None) == (TODAY, 0)
    assert fires("history.csv", date(2020, 1, 5)) == (date(2020, 1, 5), 2)


def test_a_rule_that_is_unknown_in_every_row(tmp_path: Path) -> None:
    """It fires never, and is unknown in all rows."""
    (tmp_path / "leads.csv").write_text("id,need,budget\n1,urgent,\n2,vague,\n")
    coverage = measure_coverage(parse_card(CARD), tmp_path / "leads.csv", None, TODAY)
    assert coverage.fires["rich"] == (0, 2)
