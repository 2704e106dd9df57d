"""The card reader: what a card may say, and every mistake with its place; bad cards are in tests/cases/bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.engine.cases import find_failures
from leadledger.scoring.errors import ScorecardError
from tests.scoring.card.card_examples import CASES, FIELDS, GOOD, ROOT, problems

BAD = sorted((CASES / "bad").glob("*.yaml"))
EXAMPLES = sorted(ROOT.glob("examples/*/card.yaml"))

# -- bad cards ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_card(path: Path) -> None:
    """A card with one mistake gets one message: where it is, what it is, how to mend it."""
    with pytest.raises(ScorecardError) as caught:
        read_card(path)
    assert f"{caught.value}\n" == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert len(caught.value.problems) == 1


def test_bad_cards_are_all_told() -> None:
    """Every bad card has its message, every message its card, and there are at least thirty-six."""
    assert {path.stem for path in BAD} == {path.stem for path in (CASES / "bad").glob("*.txt")}
    assert len(BAD) >= 36


def test_all_mistakes_at_once_in_file_order() -> None:
    """Mistakes in every section are reported together, in the order of the file, whatever the order of reading."""
    text = FIELDS + (
        "rules:\n"
        "  - {name: big, when: budgett > 5, points: 1.25, reason: Big, groop: size}\n"
        "  - {name: big, when: need = 'urgnet', points: 5, reason: Big, group: size}\n"
        "groups:\n"
        "  engagement: {max: -20}\n"
        "stages:\n"
        "  - {name: contact}\n"
        "  - {name: lead, requires: [need], points: lots}\n"
        "criteria:\n"
        "  means: {met: budget > , essential: perhaps}\n"
        "cases:\n"
        "  - lead: {need: urgent, budget: much}\n"
        "    expect: {recommendation: call, fires: [bigg]}\n"
        "trust: 2\n"
    )
    messages = problems(text)
    places = [tuple(map(int, message.split(":")[:2])) for message in messages]
    assert places == sorted(places)
    assert [message.split(": ", 1)[1] for message in messages] == [
        "rule 'big': unknown field 'budgett'. Did you mean 'budget'?",
        "`points` of rule 'big' is '1.25'; it must have at most one decimal",
        "unknown key 'groop' in rule 'big'. Did you mean 'group'?",
        "two rules have the name 'big', the first on line 8; rename one of the two",
        "rule 'big': 'need' never has the value 'urgnet'. Did you mean 'urgent'?",
        "rule 'big' is in the unknown group 'size'. Use one of: engagement.",
        "`max` of group 'engagement' is below 0; a group of which no rule fires is worth 0",
        "stage 'lead' requires the unknown criterion 'need'. Use one of: means.",
        "`points` of stage 'lead' is 'lots', which is not a number; write it like 8 or -2.5",
        "criterion 'means': something is missing after '>', at the end",
        "`essential` of criterion 'means' is 'perhaps'; write yes or no",
        "'budget' of case 1: 'much' is not a number; write it like 25000, 2.5 or 1e6",
        "`recommendation` of case 1 is 'call', which is not one of: promote, ask, nurture, disqualify, keep, demote",
        "`fires` of case 1 names 'bigg', which is no rule or exclusion. Did you mean 'big'?",
        "`trust` is '2'; it must lie between 0 and 1",
    ]


# -- files -------------------------------------------------------------------------------------------------------------


def test_byte_order_mark(tmp_path: Path) -> None:
    """A card saved with a byte order mark, or with Windows line ends, is read all the same."""
    path = tmp_path / "card.yaml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert read_card(path).name == "every-key"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.yaml", "none.yaml:1:1: the card can't be opened: No such file or directory"),
        (".", ":1:1: the card can't be opened: Is a directory"),
        ("nul\0.yaml", ":1:1: the card can't be opened: this is no path"),
    ],
)
def test_no_file(tmp_path: Path, name: str, message: str) -> None:
    """A path that can't be opened is reported with the reason."""
    with pytest.raises(ScorecardError) as caught:
        read_card(tmp_path / name)
    assert str(caught.value).endswith(message)


# -- good cards --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_are_read(path: Path) -> None:
    """Every example is a card, and its own cases hold."""
    assert find_failures(read_card(path)) == ()


def test_json_is_a_card_too() -> None:
    """JSON is YAML, so a program may write a card."""
    text = json.dumps(yaml.safe_load(FIELDS + "rules: []\ngrades: {hot: 60, cold: 40}\n"))
    card = parse_card(text)
    assert list(card.fields) == ["need", "budget", "created", "newsletter"]
    assert (card.grades, card.below) == ((("hot", 600), ("cold", 400)), "below")


# -- mistakes of each section ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("grades: {A: 65, A B: 50}", "7:17: the grade 'A B' must be a short word, such as A or B"),
        ("missing: [[n/a]]", "7:11: an entry of `missing` must be a text, not a list"),
        ("base_rate: 1", "7:12: `base_rate` must lie between 0 and 1, both left out"),
        ("outcome: {became: {field: won, kind: date}}", "7:10: `became` is a date, so `outcome` needs `since:` and"),
        ("outcome: {became: {field: won, kind: flag}, minimum: 2.5}", "7:54: `minimum` of `outcome` is '2.5'; it must"),
        ("title: ~", "7:8: `title` is empty; if the text '~' is meant, put it in quotes"),
        ("title:", "7:7: `title` is empty"),
        ("title: [a]", "7:8: `title` must be a text, not a list"),
        ("rules: {a: 1}", "7:8: `rules` must be a list, not a mapping"),
        ("cases: [{lead: {need: [a]}, expect: {points: 5}}]", "7:23: 'need' of case 1 must be a single value"),
        ("cases: [{lead: {}, expect: {to: lead}}]", "7:33: `to` of case 1 is 'lead', which is not a stage. Declare it"),
        ("cases: [{lead: {}, expect: {grade: E}}]", "7:36: `grade` of case 1 is 'E', which is not one of: A, B, C, D"),
        ("cases: [{lead: {}, expect: {score: 50.5}}]", "7:36: `score` of case 1 is '50.5'; it must have no decimals"),
        ("cases: [{lead: {}, expect: {points: 1}, as_of: soon}]", "7:48: `as_of` of case 1 is 'soon', which is not a"),
    ],
)
def test_more_mistakes(section: str, message: str) -> None:
    """Each section says what it expects, and where."""
    (problem,) = problems(f"{FIELDS}{section}\n")
    assert problem.startswith(message)
