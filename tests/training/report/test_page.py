"""The page of a training run: every figure is data of the release, and the page can be read by anybody, anywhere."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, FlagBins, Leaf, NumberBins, Pair, Table, TextBins
from leadledger.scoring.scorecard import Card, Learned, Scorecard
from leadledger.training.evidence.chart_measures import by_month, lift, reliability, spread
from leadledger.training.evidence.example_leads import choose_examples, examples
from leadledger.training.evidence.forecast_quality import judge
from leadledger.training.learn.threshold import precision_by_volume
from leadledger.training.report.charts import pair, table, waterfall
from leadledger.training.report.figures import FORMATS, Figure
from leadledger.training.report.page import TITLES, page
from leadledger.training.runs.train import train
from leadledger.training.sources.logged import LEFT_OUT_REASONS

# What the page may say in its own words: the scale, the bands of drift, the level of limits, the name of a digest.
CONSTANTS = {"0", "0.5", "1", "10", "50", "0.10", "0.25", "90%", "95%", "256"}
VOID = {"br", "meta", "link", "img", "hr", "input"}
HOSTILE = "<script>alert('7')</script>&amp; $x_1$ \"q\" <b>"
CARD = """
name: small
title: Small firms
fields:
  lead_id: {kind: id}
  employees: {kind: number, unit: people, ask: "How many?"}
  need: {kind: text, ask: "What for?"}
  demo: {kind: flag, label: asked for a demonstration}
rules:
  - {name: urgent, when: need = 'urgent', points: 20, reason: Has an urgent need in 30 days}
  - {name: big, when: employees > 100, points: -5, reason: Is slow}
stages: [{name: lead}, {name: opportunity, points: 60, probability: {precision: 0.7, confidence: 0.9}}]
"""


@pytest.fixture(scope="module")
def card() -> Card:
    """A small card."""
    return parse_card(CARD)


@pytest.fixture(scope="module")
def learned() -> Learned:
    """A term of every kind; bins that no lead fell in, missing ones, and none that is alike."""
    people, needs = NumberBins((10.0, 250.5)), TextBins(("urgent", "vague"))
    together = Combination(
        ("employees", "need", "demo"),
        (people, needs, FlagBins()),
        (
            Branch("employees", (0, 1, 2), Branch("need", (1, 3), Leaf(17, 41), Leaf(-8, 99)), Leaf(3, 500)),
            Branch("demo", (2,), Leaf(21, 88), Branch("employees", (3,), Leaf(-1, 7), Leaf(0, 6))),
        ),
        5,
    )
    return Learned(
        base_rate=0.1,
        start=437,
        trust=0.4528,
        terms=(
            Table("employees", people, (-3, 12, 45, -101), (210, 3020, 95, 0), (4, 1, 9, 0)),
            Table("need", needs, (0, 33, -20, 0), (20, 40, 1000, 0), (7, 8, 2, 0)),
            Table("demo", FlagBins(), (1, -2, 15), (5, 600, 77)),
            Pair(
                ("employees", "need"),
                (people, needs),
                tuple(tuple(range(i, i + 4)) for i in (-30, 0, 7, 11)),
                tuple(tuple(range(i, i + 4)) for i in (0, 10, 20, 1234)),
                tuple((1, 2, 3, 4) for _ in range(4)),
            ),
            together,
        ),
        thresholds={"opportunity": Threshold(612)},
    )


@pytest.fixture(scope="module")
def metrics(card: Card, learned: Learned) -> dict[str, Any]:
    """All measures that a training run can have, over drawn leads."""
    random = np.random.default_rng(5)
    totals = np.round(random.normal(450, 150, 3000)).astype(np.int64)
    probability = 1 / (1 + 9 * 2.0 ** ((500 - totals) / 100))
    won = random.random(3000) < probability
    days = np.sort(random.integers(19_700, 20_400, 3000))
    held = np.arange(3000) >= 2000
    forecasts = {"leadledger": probability, "rules alone": probability**0.5, "unrestricted boosting": probability**1.1}
    volume = precision_by_volume(totals[held], won[held])
    rules: list[dict[str, Any]] = [
        {
            **{"name": rule.name, "reason": rule.reason, "group": "", "declared": rule.points / 10},
            **{"counted": 3.4, "fired": 412, "share": 0.137, "won": 61, "rate": 0.148, "rate_low": 0.11},
            **{"rate_high": 0.19, "lift": 1.51, "lift_low": 1.2, "lift_high": 1.9, "supported": 2.2},
            **{"supported_low": -1.3, "supported_high": 5.4, "lost_to_caps": 12.5, "finding": ""},
        }
        for rule in card.rules
    ]
    rules[1] |= {
        "finding": "always_on",
        "said": "fires for 98 of 100 leads",
        "fired": 0,
        "share": 0.0,
        "won": 0,
    } | dict.fromkeys(("rate", "rate_low", "rate_high", "lift", "lift_low", "lift_high"), None)
    rules[1] |= dict.fromkeys(("supported", "supported_low", "supported_high"), None)
    suspect = {
        "field": "won_at",
        "kind": "date after the outcome",
        "proof": "later in 99 of 99 rows",
        "mend": "learn: no",
    }
    chosen = choose_examples(totals, won, random.integers(0, 3, 3000), 612)
    leads = [{"employees": 7 * i, "need": "urgent" if i % 2 else None} for i, _ in enumerate(chosen)]
    metrics = {
        "counts": {
            **{"rows": 3456, "rejected": 12, "no_outcome": 0, "no_date": 1, "before": 2},
            **{"immature": 441, "used": 3000, "won": int(won.sum())},
        },
        "log": {
            **{"scores": 9876, "leads": 3456, "outcomes": 455, "reached": 401, "unscored": 17, "stage": "opportunity"},
            **{"oldest_score": "2023-12-09", "newest_score": "2026-06-30"},
            "left_out": {why: 100 + i for i, why in enumerate(LEFT_OUT_REASONS)},
            "values_left_out": {"hobby": 33},
        },
        "fields_left_out": {"stage": "the stage is what is decided"},
        "split": "time",
        "held_out": {name: judge(won[held], forecast[held]).to_dict() for name, forecast in forecasts.items()},
        "base_rate": float(won.mean()),
        "trust": 0.4528,
        "model_weight": 0.8123,
        "rounding_gap": {"mean_points": 0.081, "largest_points": 0.43},
        "compile_gap": 1e-15,
        "promises": {"opportunity": {"line": 61.2, "asked_precision": 0.7, "said": "71 of 88 held-out leads did"}},
        "lift": lift(totals[held], won[held]),
        "reliability": reliability(won[held], probability[held]),
        "precision_by_volume": {"opportunity": volume},
        "by_month": by_month(days, won, probability, held),
        "audit": {
            "rules": rules,
            **{"dead": ["big"], "always_on": [], "contradicted": [], "redundant": [["urgent", "big"]], "overrated": []},
        },
        "leakage": {"checked": ["employees", "need"], "suspects": [suspect], "overruled": [suspect]},
        "maturity": {
            **{"horizon": 90, "immature": 441, "within_horizon": 0.113, "eventually": 0.127, "said": "9 in 10 do"},
            "curve": [
                {"day": day, "share": day / 900, "low": day / 1000, "high": day / 800, "at_risk": 3000 - day}
                for day in range(0, 120, 5)
            ],
        },
        "drift": {
            "score": {"psi": 0.031, "chance": 0.02, "band": "steady"},
            "fields": [{"name": "employees", "psi": 0.17, "chance": 0.03, "band": "moved"}],
            "rules": [{"name": "urgent", "psi": 0.31, "chance": 0.01, "band": "shifted"}],
            "said": "from the 2,000 older leads to the 1,000 newest, the rule urgent shifted",
        },
        "spread": spread(totals, totals // 3, -totals // 9),
        "comparison": {
            **{"release": "2026-06-30-001", "leads": 1000, "worse": False, "said": "better: 0.2 against 0.3"},
            "log_loss": {"new": 0.201, "old": 0.3, "difference": -0.099, "low": -0.12, "high": -0.07},
            "precision": {"new": 0.71, "old": 0.69, "difference": 0.02, "low": -0.01, "high": 0.05},
        },
        "examples": examples(
            Scorecard(card, replace(learned, terms=learned.terms[:4])),
            leads,
            [date(2026, 1, 1)] * len(leads),
            [bool(won[at]) for at in chosen],
            list(chosen.values()),
        ),
    }
    return json.loads(json.dumps(metrics))  # as it is read again from metrics.json


@pytest.fixture(scope="module")
def text(card: Card, learned: Learned, metrics: dict[str, Any]) -> str:
    """The page of all that."""
    return page(metrics, PROVENANCE, learned, card, ["3 rows"])


PROVENANCE = {"data": "leads.csv", "data_sha256": "ab12" * 16, "rows": 3456, "seed": 0, "versions": {"python": "3.11"}}


class Page(HTMLParser):
    """The marks, the texts and the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.marks: list[tuple[str, str, str]] = []
        self.texts: list[str] = []  # those of no mark, no style and no picture
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._mark: tuple[str, str] | None = None
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Keep an element, and the mark it may open."""
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "data-metric" in attributes:
            self._mark = (str(attributes["data-metric"]), str(attributes["data-format"]))
            self.marks.append((*self._mark, ""))

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self.open.pop() == tag
        if tag == "span":
            self._mark = None

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Keep an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text where it belongs."""
        if "svg" in self.open or "style" in self.open:
            return
        self.words += data
        if self._mark is None:
            self.texts.append(data)
        else:
            self.marks[-1] = (*self._mark, self.marks[-1][2] + data)

    def under(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def plain(self) -> str:
        """All its words, on one line."""
        return " ".join(self.words.split())


def at(data: Any, pointer: str) -> Any:
    """The value to which a JSON pointer leads, found without the code that wrote it."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, list | tuple):
            data = data[int(key)] if int(key) < len(data) else None
        else:
            data = getattr(data, key)
    return data


def check(text: str, data: Mapping[str, Any]) -> Page:
    """Every mark tells what is there, and no number is without a mark."""
    read = Page(text)
    for pointer, form, shown in read.marks:
        value = at(data, pointer)
        assert shown == ("–" if value is None else FORMATS[form](value)), pointer
    bare = {number for words in read.texts for number in re.findall(r"\d[\d.,]*\d%?|\d%?", words)}
    assert bare <= CONSTANTS
    return read


def test_formats() -> None:
    """The one place in which figures become text."""
    texts: dict[tuple[str, Any], str] = {
        ("text", "a"): "a",
        ("words", "always_on"): "always on",
        ("yes", False): "no",
        ("whole", 1234567): "1,234,567",
        ("number", 2.5): "2.5",
        ("number", 90): "90",
        ("number", -4500000): "-4,500,000",
        ("number", 2010): "2010",
        ("number", 0.123456): "0.123456",
        ("number", 1e20): "1e+20",
        ("stretch", "4500000 to 20000000.25"): "4,500,000 to 20,000,000.25",
        ("percent", 0.5962): "59.6%",
        ("half", 0.4528): "45%",
        ("loss", -0.00234): "−0.0023",
        ("two", 0.9825): "0.98",
        ("one", 5.96): "6.0",
        ("times", 1.51): "1.5 ×",
        ("points", -7.3): "−7.3",
        ("points", 7.3): "+7.3",
        ("total", 97.1): "97.1",
        ("tenths", 33): "+3.3",
        ("error", 437): "43.7",
        ("count", (1, 2)): "2",
    }
    assert {form for form, _ in texts} == set(FORMATS)
    for (form, value), text in texts.items():
        assert FORMATS[form](value) == text


def test_figures_know_their_place() -> None:
    """A pointer escapes its own signs; what is missing shows as a dash, and is false."""
    figure = Figure({"a/b~c": [{"x": 0}]}, "/metrics")
    here = figure["a/b~c"][0]["x"]
    assert here
    assert here.key == "x"
    assert here.show("whole") == '<span data-metric="/metrics/a~1b~0c/0/x" data-format="whole">0</span>'
    assert figure["a/b~c"].key == "a/b~c"
    missing = figure["no"]["such"][3]
    assert (bool(missing), list(missing), len(missing)) == (False, [], 0)
    assert missing.show("loss") == '<span data-metric="/metrics/no/such/3" data-format="loss">–</span>'
    empty: list[Any] = ["", [], None]
    assert not any(Figure(value) for value in empty)
    assert all(Figure(value) for value in (0, False, "a"))
    assert Figure("<b>").show() == '<span data-metric="" data-format="text">&lt;b&gt;</span>'


def test_every_figure_is_in_the_metrics(text: str, card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """What the page shows is what the data says, mark by mark; no number stands without a mark; all parts are there."""
    data = {"metrics": metrics, "provenance": PROVENANCE, "learned": learned, "card": card, "notes": ["3 rows"]}
    read = check(text, data)
    shown = {pointer for pointer, _, _ in read.marks}
    assert len(shown) > 800
    ids = {section["id"] for section in read.under("section")}
    assert ids == {*TITLES, "verdict"}
    for needed in (
        "/metrics/held_out/leadledger/auc",
        "/metrics/log/left_out/backdated",
        "/metrics/log/values_left_out/hobby",
        "/metrics/held_out/rules alone/log_loss",
        "/metrics/lift/1/found",
        "/metrics/reliability/9/high",
        "/metrics/precision_by_volume/opportunity/3/low",
        "/metrics/by_month/0/foreseen",
        "/metrics/audit/rules/0/supported_high",
        "/metrics/leakage/suspects/0/proof",
        "/metrics/maturity/curve/3/share",
        "/metrics/drift/rules/0/psi",
        "/metrics/spread/combinations",
        "/metrics/comparison/log_loss/high",
        "/metrics/examples/0/ledger/0/points",
        "/provenance/versions/python",
        "/learned/terms/0/points/3",
        "/learned/terms/3/errors/1/2",
        "/learned/terms/4/trees/0/then/otherwise/points",
    ):
        assert needed in shown, needed


def test_a_changed_figure_is_noticed(text: str, card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """The test above can fail: a page made from other metrics doesn't agree."""
    changed = copy.deepcopy(metrics)
    changed["lift"][4]["won"] += 1
    with pytest.raises(AssertionError, match="/metrics/lift/4/won"):
        check(text, {"metrics": changed, "learned": learned, "card": card, "notes": ["3 rows"]})
    with pytest.raises(AssertionError):
        check("<p>3.14</p>", {})


def test_same_inputs_same_bytes(text: str, card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """Made again, from what was kept, the page is the same."""
    assert page(copy.deepcopy(metrics), dict(PROVENANCE), learned, card, ("3 rows",)) == text


def test_nothing_is_fetched_and_nothing_runs(text: str) -> None:
    """No script, no link out of the page, no picture from elsewhere; the page forbids it to itself too."""
    read = Page(text)
    assert {"script", "iframe", "object", "img"} & {tag for tag, _ in read.elements} == set()
    for tag, attributes in read.elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "xlink:href"):
            link = attributes.get(name)
            assert link is None or link.startswith("#") or link == "data:,", (tag, link)
    assert set(re.findall(r"https?://[^\"' <]*", text)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in text


def test_it_can_be_walked(text: str) -> None:
    """One title, headings in steps, contents that lead to sections, ids once each, words for every picture."""
    read = Page(text)
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"] for link in read.under("a")} == {f"#{key}" for key in TITLES}
    pictures = read.under("svg")
    assert len(pictures) > 15
    assert all(picture["role"] == "img" and len(str(picture["aria-label"])) > 40 for picture in pictures)
    assert [element["lang"] for element in read.under("html")] == ["en"]


def test_hostile_words_stay_words(metrics: dict[str, Any]) -> None:
    """Names, levels and reasons with markup, formulas and odd letters are shown as they are, in texts and pictures."""
    odd = parse_card(
        CARD.replace("asked for a demonstration", json.dumps(HOSTILE)).replace("Small firms", json.dumps(HOSTILE))
    )
    bins = TextBins((HOSTILE, "日本語 🙂", "$a$", "x" * 300, "two\nlines"))
    together = Combination(
        ("need", "demo", "employees"),
        (bins, FlagBins(), NumberBins((1.0,))),
        (Branch("need", (1, 2), Leaf(1, 2), Leaf(3, 4)),),
    )
    learned = Learned(
        terms=(
            Table("need", bins, (1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5, 6, 7)),
            Pair(("need", "demo"), (bins, FlagBins()), ((1, 2, 3),) * 7, ((0, 1, 2),) * 7),
            together,
        )
    )
    changed = copy.deepcopy(metrics)
    changed["examples"][0]["ledger"][1]["reason"] = HOSTILE
    changed["audit"]["rules"][0] |= {"name": HOSTILE, "reason": HOSTILE, "finding": HOSTILE}
    changed["held_out"][HOSTILE] = changed["held_out"]["rules alone"]
    changed["promises"][HOSTILE] = {"line": None, "said": HOSTILE}
    changed["precision_by_volume"][HOSTILE] = changed["precision_by_volume"]["opportunity"]
    changed["drift"]["fields"][0]["name"] = HOSTILE
    changed["fields_left_out"] = {HOSTILE: HOSTILE}
    text = page(changed, {HOSTILE: HOSTILE}, learned, odd, [HOSTILE], HOSTILE)
    read = Page(text)
    assert "script" not in {tag for tag, _ in read.elements}
    assert read.words.count("<script>alert('7')</script>") > 10
    assert "<script" not in text
    assert "日本語 🙂" in text


def test_rules_alone(card: Card) -> None:
    """Where nothing was learned, the page says why, tells what it has, and leaves the rest out."""
    metrics = {"counts": {"rows": 60, "used": 50, "won": 4}, "fields_left_out": {}}
    data = {
        "metrics": metrics,
        "provenance": PROVENANCE,
        "learned": Learned(),
        "card": card,
        "rules_only": "only 50 leads",
    }
    read = check(page(metrics, PROVENANCE, Learned(), card, (), "only 50 leads"), data)
    assert {section["id"] for section in read.under("section")} == {"verdict", "data", "provenance", "words"}
    assert "Rules alone: nothing was learned. only 50 leads." in read.plain
    assert "opportunity from 60.0 points" in read.plain
    assert "No promotion threshold carries a promise" in read.plain
    assert read.under("svg") == []
    worse = {"release": "a", "log_loss": None, "precision": None, "worse": True, "said": "rules alone, since I say so"}
    plain = Page(page({"comparison": worse}, {}, Learned(), card)).plain
    assert "It is held back, unless you overrule that: it is rules alone, since I say so." in plain
    nothing = Page(page({}, {}, Learned(), replace(card, stages=())))
    assert {section["id"] for section in nothing.under("section")} == {"verdict", "words"}
    assert "Rules alone: nothing was learned from a history." in nothing.plain


def test_without_days_there_are_no_months(card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """A history without days is judged by leads drawn at random, and has neither months nor a curve."""
    fewer = {
        key: value for key, value in metrics.items() if key not in ("by_month", "maturity", "comparison", "examples")
    }
    fewer["split"] = "stratified"
    read = check(page(fewer, {}, learned, card), {"metrics": fewer, "learned": learned, "card": card})
    assert {section["id"] for section in read.under("section")} & {"months", "maturity", "examples"} == set()
    assert "leads drawn at random, which training had not seen" in read.plain


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "You can rely on the scores. The best tenth by score holds"),
        ({}, "where 1 is perfect: the predicted probabilities come true."),
        ({}, "The scores predict better than the rules alone"),
        ({}, "It is better: 0.2 against 0.3."),
        ({}, "Promote a lead to opportunity from 61.2 points. How sure: 71 of 88 held-out leads did."),
        ({"slope": 0.6}, "Use the scores with care."),
        ({"slope": 0.6}, "but the probabilities are too bold."),
        ({"slope": 0.6}, "The calibration slope is 0.60, where 1 is perfect."),
        ({"slope": 1.4}, "but the probabilities are too timid."),
        ({"slope": 1.4}, "The calibration slope is 1.40, where 1 is perfect."),
        ({"chance": 1.2}, "The calibration slope is 1.20, where 1 is perfect: the predicted probabilities come true."),
        ({"log_loss": 9.0}, "Use the scores with care."),
        ({"log_loss": 9.0}, "The rules alone predict just as well."),
        ({"log_loss": 9.0}, "The scores predict no better than the rules alone: log-loss 9.0000 against"),
        ({"worse": True}, "It is held back, unless you overrule that: it is better: 0.2 against 0.3."),
        ({"line": None}, "Promote nobody to opportunity by points: 71 of 88 held-out leads did."),
        ({"line": None, "promoted": 88}, "Promote every lead that meets the criteria of opportunity: 71 of 88"),
        ({"promises": {}}, "The card asks for no promotion threshold, so training looked for none."),
    ],
)
def test_the_verdict(card: Card, metrics: dict[str, Any], change: dict[str, Any], words: str) -> None:
    """What to do and how sure: the threshold and its promise, whether the scores are good enough, and better."""
    changed = copy.deepcopy(metrics)
    for key, value in change.items():
        match key:
            case "worse":
                changed["comparison"][key] = value
            case "line":
                changed["promises"]["opportunity"][key] = value
            case "promoted":
                changed["promises"]["opportunity"]["held_out_leads_promoted"] = value
            case "promises":
                changed[key] = value
            case "chance":
                changed["held_out"]["leadledger"]["slope"] = value
            case _:
                changed["held_out"]["leadledger"][key] = value
        if key == "slope":
            changed["reliability"] = [{**tenth, "foreseen": 1.0} for tenth in changed["reliability"]]
    kept = {key: changed[key] for key in ("held_out", "split", "promises", "reliability", "comparison")}
    assert words in Page(page(kept, {}, Learned(), card)).plain


def test_findings_come_first(text: str) -> None:
    """The rule with a finding stands above the one without; the lists name the rules."""
    read = Page(text)
    named = [pointer for pointer, _, _ in read.marks if re.fullmatch(r"/metrics/audit/rules/\d/name", pointer)]
    assert named == ["/metrics/audit/rules/1/name", "/metrics/audit/rules/0/name"]
    assert "Never fire: big" in read.plain
    assert "Say the same: urgent with big" in read.plain


def test_choices_are_shown_in_words(text: str) -> None:
    """Neighbouring bins of a number are one stretch; what is missing is named."""
    read = Page(text)
    assert "employees is below 250.5 or missing: need is urgent or other: +1.7 (41 leads)" in read.plain
    assert "employees is 250.5 and up" in read.plain
    assert "asked for a demonstration is yes: +2.1 (88 leads)" in read.plain


def test_many_bins_and_no_leads_can_be_drawn() -> None:
    """A table of one bin, one of a hundred, a pair of empty cells: each is a picture, wide where it must be."""
    many = TextBins(tuple(f"level number {i} with a long name" for i in range(100)))
    assert not table(Table("a", many, (0,) * 102, (0,) * 102), "a").wide
    assert not table(Table("a", NumberBins(()), (0, 0), (0, 0), (0, 0)), "a").wide
    empty = Pair(("a", "b"), (FlagBins(), many), ((0,) * 102,) * 3, ((0,) * 102,) * 3)
    assert pair(empty, ("a", "b"), "a").wide
    assert "long name" in table(Table("a", TextBins(("has a long name",)), (1, 2, 3), (1, 2, 3)), "a").svg


def test_a_long_ledger_is_cut(metrics: dict[str, Any]) -> None:
    """Of many entries the smallest are one bar of the waterfall, so that it can be read."""
    entries = [{"name": f"n{i}", "kind": "rule", "points": float(i), "reason": f"reason {i}."} for i in range(40)]
    drawn = waterfall({**metrics["examples"][0], "ledger": entries, "total": 780.0}, "a").svg
    assert "all smaller ones together" in drawn
    assert "reason 39." in drawn
    assert "reason 5." not in drawn


@pytest.mark.slow
def test_a_large_card_makes_a_small_file(card: Card, metrics: dict[str, Any]) -> None:
    """With 25 tables and 16 pairs, the page stays under 3 MB."""
    bins = NumberBins(tuple(float(i) for i in range(15)))
    narrow = NumberBins(tuple(float(i) for i in range(6)))
    tables = [Table("employees", bins, tuple(range(17)), tuple(range(17)), (3,) * 17)] * 25
    pairs = [Pair(("employees", "need"), (narrow, narrow), (tuple(range(8)),) * 8, (tuple(range(8)),) * 8)] * 16
    assert len(page(metrics, PROVENANCE, Learned(terms=(*tables, *pairs)), card).encode()) < 3_000_000


@pytest.mark.slow
def test_a_real_run() -> None:
    """The page of a training run on the simulated history agrees with its metrics, as they are kept."""
    history = load_simulator().simulate(3000, seed=7, until=date(2026, 6, 30))
    training = train(find_examples() / "b2b-software" / "card.yaml", history)
    kept = json.loads(json.dumps(dict(training.metrics)))
    text = page(
        training.metrics, training.provenance, training.learned, training.card, training.notes, training.rules_only
    )
    data = {"metrics": kept, "provenance": training.provenance, "learned": training.learned, "card": training.card}
    read = check(text, {**data, "notes": training.notes})
    shown = {section["id"] for section in read.under("section")}
    assert {"verdict", "volume", "rivals", "points", "audit", "data", "leakage", "maturity", "drift"} <= shown


BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
# Waits for the page in a frame as narrow as a phone, then writes how wide it wants to be into the document.
PROBE = """<!doctype html><body><iframe id=f style="width:360px;height:800px;border:0" src="page.html"></iframe><script>
addEventListener("load", () => {
  const inner = document.getElementById("f").contentDocument;
  const root = inner.documentElement;
  document.title = [root.scrollWidth, inner.querySelectorAll("svg").length, inner.compatMode].join(" ");
});</script></body>"""


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_in_a_browser(text: str, tmp_path: Path) -> None:
    """On a screen of 360 pixels nothing sticks out sideways, and the browser has nothing to complain of."""
    assert BROWSER is not None
    (tmp_path / "page.html").write_text(text, "utf-8")
    (tmp_path / "probe.html").write_text(PROBE, "utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--enable-logging=stderr",
    ]
    options += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
    command = [BROWSER, *options, (tmp_path / "probe.html").as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    title = re.search(r"<title>(\d+) (\d+) (\w+)</title>", ran.stdout)
    assert title is not None, ran.stdout[:500]
    assert int(title[1]) <= 360
    assert int(title[2]) == text.count("<svg ")
    assert title[3] == "CSS1Compat"
    assert "CONSOLE" not in ran.stderr, ran.stderr
