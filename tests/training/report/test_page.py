"""The page of a training run: every figure is data of the release, and the page can be read by anybody, anywhere."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import Card, Learned
from leadledger.training.evidence.verdict import reach_verdict
from leadledger.training.report.page import LEFT_OUT, STATISTICS, TITLES, page
from leadledger.training.runs.train import train
from tests.training.report.reading import Page, check
from tests.training.report.small_card import CARD

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_bags")]  # the whole file learns from histories

HOSTILE = "<script>alert('7')</script>&amp; $x_1$ \"q\" <b>"


@pytest.fixture(scope="module")
def text(card: Card, learned: Learned, metrics: dict[str, Any]) -> str:
    """The page of all that."""
    return page(metrics, PROVENANCE, learned, card, ["3 rows"], release=RELEASE)


RELEASE = {"name": "2026-11-29-001", "day": "2026-11-29"}
PROVENANCE = {
    "newest_lead": "2026-04-01",
    "data": "leads.csv",
    "data_sha256": "ab12" * 16,
    "rows": 3456,
    "seed": 0,
    "versions": {"python": "3.11"},
}


def test_every_figure_is_in_the_metrics(text: str, card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """What the page shows is what the data says, mark by mark; no number stands without a mark; all parts are there."""
    data = {"metrics": metrics, "provenance": PROVENANCE, "learned": learned, "card": card, "notes": ["3 rows"]}
    data["release"] = RELEASE
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
        "/metrics/fairness/fields/0/groups/1/precision_low",
        "/metrics/fairness/fields/0/gaps/0/said",
        "/metrics/fairness/fields/0/proxies/0/explains",
        "/metrics/fairness/uses/0/reason",
        "/metrics/fairness/unmeasured/0",
        "/metrics/fairness/signed_off",
        "/metrics/axes/grades/1/high",
        "/metrics/landmarks/by_landmark/1/auc_without_events",
        "/metrics/landmarks/ageing/2/others",
        "/metrics/landmarks/said",
        "/metrics/axes/said",
        "/metrics/segments/segments/1/weight",
        "/metrics/segments/segments/2/came_high",
        "/metrics/segments/said",
        "/metrics/exploration/lift/high",
        "/metrics/exploration/hidden/fields/0/most_points",
        "/metrics/steps/lead/rate_limits/0",
        "/metrics/steps/lead/held_out/base_log_loss",
        "/metrics/steps/customer/rate_alone",
        "/metrics/comparison/log_loss/high",
        "/metrics/examples/0/ledger/0/points",
        "/provenance/versions/python",
        "/learned/terms/0/points/3",
        "/learned/percentiles/89",
        "/learned/terms/3/errors/1/2",
        "/learned/terms/4/trees/0/then/otherwise/points",
    ):
        assert needed in shown, needed


def test_a_changed_figure_is_noticed(text: str, card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """The test above can fail: a page made from other metrics doesn't agree."""
    changed = copy.deepcopy(metrics)
    changed["lift"][4]["won"] += 1
    with pytest.raises(AssertionError, match="/metrics/lift/4/won"):
        check(
            text,
            {
                "metrics": changed,
                "learned": learned,
                "card": card,
                "notes": ["3 rows"],
                "release": RELEASE,
                "provenance": PROVENANCE,
            },
        )
    with pytest.raises(AssertionError):
        check("<p>3.14</p>", {})


def test_same_inputs_same_bytes(text: str, card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """Made again, from what was kept, the page is the same."""
    assert page(copy.deepcopy(metrics), dict(PROVENANCE), learned, card, ("3 rows",), release=RELEASE) == text


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
    assert "leads, each in turn, foreseen by models of the same recipe that had not seen them" in read.plain


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "You can rely on the scores. The best tenth by score holds"),
        ({}, "where 1 is perfect: the predicted probabilities come true."),
        ({}, "The scores predict better than the rules alone"),
        ({}, "It is better: 0.2 against 0.3."),
        ({}, "Promote a lead to opportunity from 61.2 points. How sure: 71 of 88 held-out leads did."),
        ({"slope": 0.6}, "Use the scores with care."),
        ({"slope": 0.6}, "the probabilities are too bold (calibration slope 0.60)."),
        ({"slope": 0.6}, "The calibration slope is 0.60, where 1 is perfect."),
        ({"slope": 1.4}, "the probabilities are too timid (calibration slope 1.40)."),
        ({"slope": 1.4}, "The calibration slope is 1.40, where 1 is perfect."),
        ({"chance": 1.2}, "The calibration slope is 1.20, where 1 is perfect: the predicted probabilities come true."),
        ({"log_loss": 9.0}, "Use the scores with care."),
        ({"log_loss": 9.0}, "the rules alone predict just as well."),
        ({"auc": 0.51}, "Don’t rely on the scores."),
        ({"errors": -3.4}, "were predicted to, 3.4 standard errors apart: the probabilities are too high (leadledger"),
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
            case "errors":
                changed["rate"][key] = value
            case "chance":
                changed["held_out"]["leadledger"]["slope"] = value
            case _:
                changed["held_out"]["leadledger"][key] = value
        if key == "slope":
            changed["reliability"] = [{**tenth, "foreseen": 1.0} for tenth in changed["reliability"]]
    kept = {key: changed[key] for key in ("held_out", "split", "promises", "reliability", "comparison", "rate")}
    kept["verdict"] = reach_verdict(kept)
    assert words in Page(page(kept, {}, Learned(), card)).plain


def test_rules_for_each_event_are_said_not_to_be_audited(card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """The audit names the rules that it leaves out."""
    counting = parse_card(
        "{name: a, events: {visit: {}}, fields: {b: {kind: text}}, rules: [{name: visits, each: visit, points: 2,"
        " within: 9 days, reason: Visits}]}"
    )
    plain = Page(page(metrics, PROVENANCE, learned, replace(card, each_rules=counting.each_rules))).plain
    assert "Rules for each event are not audited: visits." in plain


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


def test_a_large_card_makes_a_small_file(card: Card, metrics: dict[str, Any]) -> None:
    """With 25 tables and 16 pairs, the page stays under 3 MB."""
    bins = NumberBins(tuple(float(i) for i in range(15)))
    narrow = NumberBins(tuple(float(i) for i in range(6)))
    tables = [Table("employees", bins, tuple(range(17)), tuple(range(17)), (3,) * 17)] * 25
    pairs = [Pair(("employees", "need"), (narrow, narrow), (tuple(range(8)),) * 8, (tuple(range(8)),) * 8)] * 16
    assert len(page(metrics, PROVENANCE, Learned(terms=(*tables, *pairs)), card).encode()) < 3_000_000


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


def test_the_page_says_which_release_it_is_about(
    text: str, card: Card, learned: Learned, metrics: dict[str, Any]
) -> None:
    """Its name, the day on which it was made, and the day of its newest lead; as far as they are known."""
    made = "Release 2026-11-29-001, made on 29 November 2026; it has learned from leads up to 1 April 2026."
    assert made in Page(text).plain
    assert "Learned from leads up to 1 April 2026." in Page(page(metrics, PROVENANCE, learned, card)).plain
    assert "made on" not in Page(page(metrics, {}, learned, card)).plain


def test_what_a_grade_is_worth_comes_first(text: str, metrics: dict[str, Any]) -> None:
    """In a sentence, before any statistic; how all of it was measured comes last."""
    best, *_, last = metrics["grades"]
    plain = Page(text).plain
    words = f"Of the leads graded {best['grade']}, {best['came']:.0%} became opportunities;"
    assert f"{words} of those graded {last['grade']}, {last['came']:.0%}." in plain
    sections = [section["id"] for section in Page(text).under("section")]
    assert sections == ["verdict", *TITLES]
    assert sections[1:4] == ["scores", "axes", "lift"]
    measured = [key in STATISTICS for key in TITLES]
    assert measured == sorted(measured)


@pytest.mark.parametrize("key", ["reliability", "rivals", "maturity", "drift", "provenance"])
def test_statistics_are_folded(text: str, key: str) -> None:
    """What a section says in words is seen; its pictures and numbers are one click further."""
    section = text.split(f'<section id="{key}">')[1].split("</section>")[0]
    words, _, folded = section.partition("<details>")
    assert "<p" in words
    assert "<svg" not in words
    assert "<table" not in words
    assert "<svg" in folded or "<table" in folded


def test_reasons_without_rows_are_not_listed(card: Card, learned: Learned, metrics: dict[str, Any]) -> None:
    """Rows are left out for few reasons; where for none, the page says so."""
    counts = {**metrics["counts"], **dict.fromkeys(LEFT_OUT, 0)}
    plain = Page(page({**metrics, "counts": {**counts, "immature": 7}}, {}, learned, card)).plain
    assert "are too young to judge7" in plain
    assert "have no outcome" not in plain
    assert "No row was left out." in Page(page({**metrics, "counts": counts}, {}, learned, card)).plain
