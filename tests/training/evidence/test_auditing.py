"""The audit: planted mistakes are found, honest rules stand, and its intervals hold what they promise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.scorecard import Learned, Scorecard
from leadledger.training.evidence.auditing import Audit, audit
from leadledger.training.history_reader import read_history
from leadledger.training.intervals import rate_limits
from leadledger.training.learn.trust import LOG_ODDS
from leadledger.training.runs.train import train

pytestmark = pytest.mark.usefixtures("few_bags")
HEAD = "name: a\nfields: {n: {kind: number}, m: {kind: number}, k: {kind: text}}\n"
TAIL = "outcome: {became: {field: won, kind: flag}}\n"


def audited(rules: str, groups: str = "", trust: float = 1.0, **columns: list) -> Audit:
    """The audit of rules on a small history."""
    card = parse_card(f"{HEAD}{groups}rules:\n{rules}{TAIL}")
    return audit(Scorecard(card, Learned(trust=trust)), read_history(card, pd.DataFrame(columns)))


def test_the_outcomes_of_the_leads() -> None:
    """Fired, won, the exact interval and the lift are counted; an unknown answer doesn't fire."""
    result = audited(
        "  - {name: big, when: n > 5, points: 4, reason: Big}\n",
        n=[9.0, 8.0, 7.0, 1.0, 2.0, 3.0, np.nan, 4.0],
        won=[1, 1, 0, 0, 0, 1, 1, 0],
    )
    (rule,) = result.rules
    assert (rule.fired, rule.won, rule.share) == (3, 2, 0.375)
    assert rule.rate == (2 / 3, *rate_limits(2, 3))
    assert rule.lift is not None
    assert rule.lift[0] == (2 / 3) / 0.5
    assert result.to_dict()["rules"][0]["rate_low"] == 0.0943
    assert (result.leads, result.won) == (8, 4)
    assert json.loads(json.dumps(result.to_dict()))["rules"][0]["reason"] == "Big"
    assert "<td>big</td>" in result._repr_html_()


@pytest.mark.parametrize(
    ("won", "leads", "low", "high"), [(0, 10, 0.0, 0.3085), (3, 10, 0.0667, 0.6525), (10, 10, 0.6915, 1.0)]
)
def test_exact_intervals(won: int, leads: int, low: float, high: float) -> None:
    """The limits are those of the tables of Clopper and Pearson."""
    assert rate_limits(won, leads) == pytest.approx((low, high), abs=1e-4)


def test_dead_and_always_on() -> None:
    """A rule that fires for nobody, and one that fires for all of whom its answer is known; neither gets points."""
    result = audited(
        "  - {name: never, when: n > 100, points: 4, reason: Never}\n"
        "  - {name: always, when: n >= 1, points: 4, reason: Always}\n"
        "  - {name: some, when: n >= 5, points: 4, reason: Some}\n",
        n=[*np.linspace(1, 9, 50), np.nan],
        won=[0, 1, 1] * 17,
    )
    assert (result.dead, result.always_on) == (("never",), ("always",))
    assert [rule.finding for rule in result.rules] == ["dead", "always_on", ""]
    assert result.rules[0].said == "fired for none of 51 leads"
    assert result.rules[0].supported is None
    assert result.rules[0].rate is None


def test_nothing_to_audit() -> None:
    """A card without rules, no lead at all, or leads that all ended alike: an audit, and no finding."""
    card = parse_card(f"{HEAD}{TAIL}")
    history = read_history(card, pd.DataFrame({"n": [1.0, 2.0], "won": [0, 1]}))
    assert audit(Scorecard(card, Learned()), history).rules == ()
    card = parse_card(f"{HEAD}rules: [{{name: a, when: n > 1, points: 4, reason: A}}]\n{TAIL}")
    nobody = audit(Scorecard(card, Learned()), history, np.array([], dtype=np.intp))
    assert (nobody.leads, nobody.rules[0].finding, nobody.rules[0].supported) == (0, "", None)
    alike = audit(Scorecard(card, Learned()), history, np.array([1]))
    assert (alike.won, alike.rules[0].fired, alike.rules[0].supported) == (1, 1, None)


def test_a_handful_in_a_big_history_is_dead() -> None:
    """Two leads in 10,000 are as good as none; two in 100 are rare."""
    for leads, finding in ((10_000, "dead"), (100, "")):
        n = np.arange(leads, dtype=float)
        result = audited(
            "  - {name: rare, when: n < 2, points: 4, reason: Rare}\n", n=n.tolist(), won=(n % 3 == 0).tolist()
        )
        assert result.rules[0].finding == finding


def test_redundant_rules() -> None:
    """A rule that fires for the same leads as an earlier one, and one that a better one always beats."""
    result = audited(
        "  - {name: a, when: n >= 10, points: 4, reason: A}\n"
        "  - {name: b, when: n > 9, points: 4, reason: B}\n"
        "  - {name: least, when: m >= 50, points: 3, reason: L, group: size}\n"
        "  - {name: most, when: m >= 10, points: 8, reason: M, group: size}\n",
        groups="groups: {size: {best_of: yes}}\n",
        n=list(range(100)),
        m=list(range(100))[::-1],
        won=[0, 1, 1, 0] * 25,
    )
    assert result.redundant == (("b", "a"), ("least", "most"))


def test_points_lost_to_caps() -> None:
    """A limit takes from the rules that lean against it in proportion; in a best-of group all but the best lose."""
    result = audited(
        "  - {name: a, when: n = 1, points: 12, reason: A, group: g}\n"
        "  - {name: b, when: m = 1, points: 4, reason: B, group: g}\n"
        "  - {name: c, when: k = 'x', points: -2, reason: C, group: g}\n"
        "  - {name: d, when: k = 'x', points: 9, reason: D, group: h}\n"
        "  - {name: e, when: n = 1, points: 5, reason: E, group: h}\n",
        groups="groups: {g: {max: 10}, h: {best_of: yes, max: 8}}\n",
        n=[1, 1, 0],
        m=[1, 0, 0],
        k=["x", "y", "x"],
        won=[1, 0, 1],
    )
    # Lead 1: 12 + 4 - 2 = 14, 4 too many, 3 of them from a and 1 from b. Lead 2: 12, 2 too many. c leans the other way.
    assert [rule.lost for rule in result.rules[:3]] == [50, 10, 0]
    # Leads 1 and 3: d is the best, cut from 9 to 8. Lead 1: e loses all of its 5.
    assert [rule.lost for rule in result.rules[3:]] == [20, 50]
    assert result.to_dict()["rules"][0]["lost_to_caps"] == 2.5


def test_trust_hides_no_rule() -> None:
    """With no trust at all, rules count nothing and still fire, and the data still say what they are worth."""
    rng = np.random.default_rng(5)
    n = rng.integers(0, 2, 3000)
    won = rng.random(3000) < expit(-1 + 100 * LOG_ODDS * n)
    result = audited("  - {name: a, when: n = 1, points: 10, reason: A}\n", trust=0.0, n=n.tolist(), won=won.tolist())
    (rule,) = result.rules
    assert (rule.counted, rule.fired) == (0, n.sum())
    assert rule.supported is not None
    assert 70 < rule.supported.points < 130


PLANTED = {  # what the truth supports is about 8, 8, 7 and -9 points; a country that no lead is from
    "when: pricing_visits >= 1\n    points: 6": "when: pricing_visits >= 1\n    points: 80",
    "when: decision_role = 'decider'\n    points: 8": "when: decision_role = 'decider'\n    points: -8",
    "when: lead_source in ('referral', 'partner')\n    points: 6": (
        "when: lead_source in ('referral', 'partner')\n    points: 70"
    ),
    "when: lead_source = 'bought_list'\n    points: -12": "when: lead_source = 'bought_list'\n    points: 12",
    "when: junior_title": "when: junior_title and country = 'Atlantis'",
}


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    """A simulated history."""
    return load_simulator().simulate(8000, seed=7)


def learned_audit(text: str, path: Path, history: pd.DataFrame) -> Audit:
    """The audit of a card that was trained on a history."""
    path.write_text(text.split("\ncases:")[0] + "\n", "utf-8")
    training = train(path, history)
    assert training.history is not None
    return audit(training.scorecard, training.history)


@pytest.mark.slow
def test_planted_mistakes_are_found(simulated: pd.DataFrame, tmp_path: Path) -> None:
    """On a trained card: two rules with ten times their points, two with the wrong sign, and a dead one."""
    text = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
    for old, new in PLANTED.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    result = learned_audit(text, tmp_path / "card.yaml", simulated)
    rules = {rule.name: rule for rule in result.rules}
    assert {
        name: rules[name].finding for name in ("price_page", "referred", "decider", "bought_list", "junior_title")
    } == {
        "price_page": "overrated",
        "referred": "overrated",
        "decider": "contradicted",
        "bought_list": "contradicted",
        "junior_title": "dead",
    }
    assert result.dead == ("junior_title",)
    for name, low, high in (("price_page", 40, 120), ("referred", 30, 110)):
        supported = rules[name].supported
        assert supported is not None
        assert low < supported.points < high  # near the truth, whatever was declared


@pytest.mark.slow
def test_honest_rules_stand(simulated: pd.DataFrame, tmp_path: Path) -> None:
    """On the card as it is, the two rules that are wrong on purpose are found, and few others are called too large."""
    text = (find_examples() / "b2b-software" / "card.yaml").read_text("utf-8")
    result = learned_audit(text, tmp_path / "card.yaml", simulated)
    wrong = {*result.overrated, *result.contradicted}
    assert {"newsletter", "enterprise"} <= wrong
    # Two more are too large in truth: a small budget and a long silence are little worse than not knowing them.
    assert len(wrong - {"newsletter", "enterprise", "small_budget", "long_silence"}) <= 1
    assert "newsletter" not in result.contradicted
    assert not result.dead + result.always_on + result.redundant
    for rule in result.rules:
        assert rule.supported is not None
        assert rule.supported.low <= rule.supported.points <= rule.supported.high
