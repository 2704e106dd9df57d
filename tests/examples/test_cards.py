"""The example cards: what each promises, and what it makes of the real data where that is at hand."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from leadledger.api.cli.examples import find_examples
from leadledger.api.lists.card_cases import find_case_failures
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.printers.text import ledger_text
from leadledger.scoring.scorecard import build_untrained
from leadledger.training.evidence.baselines import rules_alone
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.history_reader import read_history

CARDS = sorted(find_examples().glob("*/card*.yaml"))
NAMES = [f"{path.parent.name} {path.stem}" for path in CARDS]
DAY = date(2026, 7, 1)  # of the README
DATA = Path(__file__).parents[3] / "shared" / "data"
SHOPPERS = DATA / "online_shoppers" / "online_shoppers_intention.csv"
EXTRAALEARN = DATA / "extraalearn" / "ExtraaLearn.csv"


@pytest.mark.slow
@pytest.mark.parametrize("path", CARDS, ids=NAMES)
def test_cases_pass(path: Path) -> None:
    """Every example has cases of its own, and they pass in Python and in DuckDB alike."""
    card = read_card(path)
    assert card.name.startswith(path.parent.name)
    assert card.cases
    assert find_case_failures(card) == ()


@pytest.mark.parametrize("path", CARDS, ids=NAMES)
def test_rules_explain_themselves(path: Path) -> None:
    """Every rule of an example says why it is there, and a README stands beside the card."""
    assert [rule.name for rule in read_card(path).rules if not rule.why] == []
    assert (path.parent / "README.md").read_text("utf-8").startswith(f"# {path.parent.name}: ")


def test_the_card_with_events_is_the_other_one_and_more() -> None:
    """But for what leads do, axes, and advice that remembers, both cards of b2b-software are the same."""
    plain, counting = (
        read_card(find_examples() / "b2b-software" / f"{name}.yaml") for name in ("card", "card-with-events")
    )
    for name, field in plain.fields.items():
        assert dataclasses.replace(counting.fields[name], axis=field.axis, label=field.label) == field
    doing = {"price_page", "long_silence"}
    for part in ("rules", "groups"):
        alike = [
            [dataclasses.replace(entry, axis="") for entry in getattr(card, part) if entry.name not in doing]
            for card in (plain, counting)
        ]
        assert alike[0] == alike[1]
    stages = [dataclasses.replace(stage, hold=None, cool_down=None) for stage in counting.stages]
    assert stages == list(plain.stages)
    for part in ("criteria", "exclude", "grades", "outcome", "base_rate", "missing"):
        assert getattr(counting, part) == getattr(plain, part), part
    assert [case.name for case in counting.cases][: len(plain.cases)] == [case.name for case in plain.cases]


def test_the_readme_explains_the_lead_with_events() -> None:
    """What the README shows of the lead with its events is what `explain` says."""
    folder = find_examples() / "b2b-software"
    sent = json.loads((folder / "lead-with-events.json").read_text("utf-8"))
    result = score(
        build_untrained(read_card(folder / "card-with-events.yaml")), sent["lead"], DAY, events=sent["events"]
    )
    said = ledger_text(result).splitlines()
    readme = (folder / "README.md").read_text("utf-8")
    shown = readme.split(f"--as-of {DAY}\n")[1].split("```")[0].splitlines()
    assert [line for line in shown if line and line != "..." and line not in said] == []


@pytest.mark.slow
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
