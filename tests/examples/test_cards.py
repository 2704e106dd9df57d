"""The example cards: what each promises, and what it makes of the real data where that is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadledger.api.cli.examples import find_examples
from leadledger.api.lists.card_cases import find_case_failures
from leadledger.scoring.card.reader import read_card
from leadledger.training.evidence.baselines import rules_alone
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.history import read_history

CARDS = sorted(find_examples().glob("*/card.yaml"))
DATA = Path(__file__).parents[3] / "shared" / "data"
SHOPPERS = DATA / "online_shoppers" / "online_shoppers_intention.csv"
EXTRAALEARN = DATA / "extraalearn" / "ExtraaLearn.csv"


@pytest.mark.parametrize("path", CARDS, ids=[path.parent.name for path in CARDS])
def test_cases_pass(path: Path) -> None:
    """Every example has cases of its own, and they pass in Python and in DuckDB alike."""
    card = read_card(path)
    assert card.name == path.parent.name
    assert card.cases
    assert find_case_failures(card) == ()


@pytest.mark.parametrize("path", CARDS, ids=[path.parent.name for path in CARDS])
def test_rules_explain_themselves(path: Path) -> None:
    """Every rule of an example says why it is there, and a README stands beside the card."""
    assert [rule.name for rule in read_card(path).rules if not rule.why] == []
    assert (path.parent / "README.md").read_text("utf-8").startswith(f"# {path.parent.name}: ")


@pytest.mark.parametrize(
    ("name", "data", "leads", "rate", "leak", "area"),
    [
        ("online-shoppers", SHOPPERS, 12_330, 0.1547, "page_value", 0.67),
        ("extraalearn", EXTRAALEARN, 4_612, 0.2986, "last_activity", 0.82),
    ],
)
def test_real_data(name: str, data: Path, leads: int, rate: float, leak: str, area: float) -> None:
    """Every row is read, the leak is no field to learn from, and the rules order leads as the README says."""
    if not data.is_file():
        pytest.skip(f"the real data is not shipped; it would be {data}")
    history = read_history(read_card(find_examples() / name / "card.yaml"), data)
    assert history.counts.used == history.counts.rows == leads
    assert history.won.mean() == pytest.approx(rate, abs=5e-5)
    assert set(history.left_out) == {leak}
    judged = judge(history.won, rules_alone(history.rules, history.won, history.rules))
    assert judged.auc == pytest.approx(area, abs=0.005)
    text = (find_examples() / name / "README.md").read_text("utf-8")
    assert f"{leads:,}" in text
    assert f"{rate:.1%}".replace("%", " %") in text
    assert f"{area}" in text
