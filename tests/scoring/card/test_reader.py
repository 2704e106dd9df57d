"""The card reader: what a card may say, and every mistake with its place; bad cards are in tests/cases/bad."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.card.yaml_shapes import DEEPEST_CARD, LARGEST_CARD, LONGEST_SECTION, MOST_PROBLEMS_LISTED
from leadledger.scoring.decay import HalfLife
from leadledger.scoring.engine.cases import find_failures
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import Problem, ScorecardError
from leadledger.scoring.gate import Capacity, DealValue
from leadledger.scoring.printers.python.module import print_module
from leadledger.scoring.rule import Group
from leadledger.scoring.scorecard import Card, build_untrained
from tests.effort import examples

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases"
BAD = sorted((CASES / "bad").glob("*.yaml"))
GOOD = (CASES / "every_key.yaml").read_text(encoding="utf-8")
EXAMPLES = sorted(ROOT.glob("examples/*/card.yaml"))

# A card to add sections to.
FIELDS = """\
name: small
fields:
  need: {kind: text, values: [none, vague, clear, urgent]}
  budget: {kind: number}
  created: {kind: date}
  newsletter: {kind: flag}
"""


def problems(text: str) -> list[str]:
    """What is wrong with a card: line, column and text of each problem."""
    with pytest.raises(ScorecardError) as caught:
        parse_card(text)
    return [f"{problem.line}:{problem.column}: {problem.text}" for problem in caught.value.problems]


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
        "`recommendation` of case 1 is 'call', which is not one of: promote, ask, nurture, disqualify, keep",
        "`fires` of case 1 names 'bigg', which is no rule or exclusion. Did you mean 'big'?",
        "`trust` is '2'; it must lie between 0 and 1",
    ]


RULES = "rules:\n" + "".join(
    f'  - {{name: {name}, when: "{when}", points: 5, reason: Because, group: size, half_life: 9 days of created}}\n'
    for name, when in (("one", "budget > 5 and need = 'urgent'"), ("two", "newsletter or rich"), ("three", "rich"))
)
REST = """\
  rich: {kind: flag, is: budget > 100000}
  stage: {kind: text, values: [contact, lead]}
criteria:
  means: {met: budget > 5}
groups:
  size: {best_of: yes}
stages:
  - {name: contact}
  - {name: lead, requires: [means]}
grades: {A: 65, B: 50}
outcome:
  became: {field: won, kind: date}
  since: created
  within: 90 days
cases:
  - lead: {need: urgent, budget: 5, created: 2026-01-01, stage: contact}
    expect: {fires: [one], to: lead, grade: A, recommendation: ask}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("fields:", "feilds:", "unknown key 'feilds' in the card. Did you mean 'fields'?"),
        ("rules:", "rulse:", "unknown key 'rulse' in the card. Did you mean 'rules'?"),
        ("groups:", "gropus:", "unknown key 'gropus' in the card. Did you mean 'groups'?"),
        ("stages:", "stagse:", "unknown key 'stagse' in the card. Did you mean 'stages'?"),
        ("criteria:", "critera:", "unknown key 'critera' in the card. Did you mean 'criteria'?"),
        ("  budget: {kind", "  Budget: {kind", "the name of a field is 'Budget'; it must start with a to z, go on"),
        ("  budget: {kind", "  my-budget: {kind", "the name of a field is 'my-budget'; it must start with a to z"),
        ("  created: {kind", "  Created: {kind", "the name of a field is 'Created'; it must start with a to z, go on"),
        ("  stage: {kind", "  Stage: {kind", "the name of a field is 'Stage'; it must start with a to z, go on"),
        ("budget: {kind: number}", "budget: number", "field 'budget' must be a mapping of `key: value` lines, not the"),
        ("budget: {kind: number}", "budget: {}", "field 'budget' has no 'kind'; add `kind:`"),
        ("budget: {kind: number}", "budget: {kind: [number]}", "`kind` of field 'budget' must be a text, not a list"),
        (
            "budget: {kind: number}",
            "budget: {knid: number}",
            "unknown key 'knid' in field 'budget'. Did you mean 'kind'?",
        ),
        ("created: {kind: date}", "created: {kind: day}", "`kind` of field 'created' is 'day', which is not one of:"),
        ("stage: {kind: text", "stage: {kind: txt", "`kind` of field 'stage' is 'txt', which is not one of: number"),
        ("clear, urgent]", "clear, [urgent]]", "an entry of `values` of field 'need' must be a text, not a list"),
        ("is: budget > 100000", "is: bugdet > 100000", "`is` of field 'rich': unknown field 'bugdet'. Did you mean"),
        ("is: budget > 100000", "is: rich", "`is` of field 'rich': 'rich' is computed, here or further down; a field"),
        ("size: {best_of", "Size: {best_of", "the name of a group is 'Size'; it must start with a to z, go on with"),
        ("means: {met", "Means: {met", "the name of a criterion is 'Means'; it must start with a to z, go on with"),
        ("means: {met: budget > 5}", "means: {met: budget}", "criterion 'means': 'budget' is a number, not a flag;"),
        ("{name: one,", "{name: One,", "the name of rule 1 is 'One'; it must start with a to z, go on with a to z"),
        ("{name: one,", "{nmae: one,", "unknown key 'nmae' in rule 1. Did you mean 'name'?"),
        ("{name: one,", "{", "rule 1 has no 'name'; add `name:`"),
        ("{name: contact}", "{name: 1}", "the name of stage 1 is '1'; it must start with a to z, go on with a to z"),
        ("{name: contact}", "contact", "stage 1 must be a mapping of `key: value` lines, not the text 'contact'"),
        ("{A: 65, B: 50}", "[A, B]", "`grades` must be a mapping of `key: value` lines, not a list"),
        ("  - lead: {need", "  - laed: {need", "unknown key 'laed' in case 1. Did you mean 'lead'?"),
        ("  - lead: {need", "  - values: {need", "unknown key 'values' in case 1. Is it meant to be 'lead', which is"),
        ("{A: 65, B: 50}", "{A: lots, B: 50}", "grade A is 'lots', which is not a number; write it like 8 or -2.5"),
    ],
)
def test_one_mistake_is_one_message(right: str, wrong: str, message: str) -> None:
    """A name that can't be read is reported once, and not again wherever it is used."""
    text = FIELDS + REST + RULES
    parse_card(text)
    assert right in text
    messages = problems(text.replace(right, wrong))
    assert len(messages) == 1, messages
    assert messages[0].split(": ", 1)[1].startswith(message)


def test_mistakes_beside_an_unreadable_field_are_told() -> None:
    """A field that can't be read hides nothing but the conditions that ask it."""
    text = FIELDS.replace("kind: number", "kind: money") + (
        "rules:\n"
        "  - {name: one, when: budget > 5, points: 5, reason: Because}\n"
        "  - {name: two, when: nede = 'urgent', points: 5, reason: Because}\n"
    )
    assert problems(text) == [
        "4:18: `kind` of field 'budget' is 'money', which is not one of: number, text, flag, date, id",
        "9:23: rule 'two': unknown field 'nede'. Did you mean 'need'?",
    ]


def test_a_section_holds_no_more_than_anybody_reads() -> None:
    """A thousand rules are a card, and print; one more is refused, and reported once."""
    rules = [
        f"  - {{name: r{i}, when: newsletter, points: 1, reason: Because, group: all}}\n"
        for i in range(LONGEST_SECTION)
    ]
    text = FIELDS + "groups:\n  all: {max: 5}\nrules:\n" + "".join(rules)
    assert get_engine(build_untrained(parse_card(text))).score({"newsletter": True}, date(2026, 1, 1)).tenths == 550
    (message,) = problems(text + rules[0].replace("r0", "more"))
    assert message == "10:3: `rules` has 1,001 entries; a card has at most 1,000 of each kind"


def test_not_more_than_anybody_mends() -> None:
    """Of very many mistakes, the first hundred are reported."""
    text = FIELDS + "".join(f"k{i}: 1\n" for i in range(3 * MOST_PROBLEMS_LISTED))
    assert len(problems(text)) == MOST_PROBLEMS_LISTED


# -- positions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scalar",
    [
        "need = 'urgent' or zzz > 5",
        "need = 'urgent'\n      or zzz > 5",
        "need = 'urgent'\n\n\n          or zzz\n      > 5",
        "\n      need = 'urgent' or\n      zzz > 5",
        "\"need = 'urgent' or zzz > 5\"",
        "\"need = 'urgent'\\tor\\x20zzz > 5\"",
        "\"need = 'urgent'\\\n      \\ or \\\n      zzz > 5\"",
        "\"need = 'urgent'\n\n      or zzz > 5\"",
        "\"\\u006eeed = '\\U00000075rgent' or zzz > 5\"",
        "'need = ''urgent'' or zzz > 5'",
        "'need = ''urgent''\n      or zzz > 5'",
        "|\n      need = 'urgent' or\n      zzz > 5",
        "|-\n      need = 'urgent'\n        or zzz > 5",
        "|2  # at least the need\n          need = 'urgent' or zzz > 5",
        ">\n      need = 'urgent' or\n\n      zzz\n      > 5",
        ">+\n\n      need = 'urgent'\n         or zzz > 5\n",
        "newsletter or\tzzz > 5",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_place_in_a_condition(scalar: str, ending: str) -> None:
    """A mistake inside a condition is found at its line and column, however the text is written."""
    text = FIELDS + f"rules:\n  - name: one\n    when: {scalar}\n    points: 5\n    reason: Because\n"
    before = text[: text.index("zzz")].split("\n")
    (message,) = problems(text.replace("\n", ending))
    assert message.startswith(f"{len(before)}:{len(before[-1]) + 1}: rule 'one': unknown field 'zzz'.")


def test_place_after_wide_characters() -> None:
    """Columns count characters, not bytes."""
    text = FIELDS + "rules:\n  - {reason: 'é 漢字 𝄞', name: one, when: zzz, points: 5}\n"
    assert problems(text)[0].startswith("8:41: rule 'one': unknown field 'zzz'.")


# -- odd files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "1:1: the card is empty; it needs at least `name` and `fields`"),
        (b"\xef\xbb\xbf", "1:1: the card is empty; it needs at least `name` and `fields`"),
        (b"# only a comment", "1:1: the card is empty; it needs at least `name` and `fields`"),
        (b"---\n...\n", "2:1: the card must be a mapping of `key: value` lines, not nothing"),
        (b"null", "1:1: the card must be a mapping of `key: value` lines, not nothing"),
        (b"just words", "1:1: the card must be a mapping of `key: value` lines, not the text 'just words'"),
        ("name: café".encode("latin-1"), "1:10: this is not UTF-8 text; save the card as UTF-8"),
        ("name: one\n".encode("utf-16"), "1:1: this is not UTF-8 text; save the card as UTF-8"),
        (b"name: one\ntitle: \xff\n", "2:8: this is not UTF-8 text; save the card as UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "1:1: this is not UTF-8 text; save the card as UTF-8"),
        (b"PK\x03\x04\x14", "1:3: the control character '\\x03' can't be in a card; remove it"),
        (b"name: one\n\0", "2:1: the control character '\\x00' can't be in a card; remove it"),
        ("name: one\ntitle: a\u202eb\n".encode(), "2:9: the control character '\\u202e' can't be in a card; remove it"),
        (b"name: " + b"x" * LARGEST_CARD, "1:1: the card is larger than 1,000,000 bytes"),
        (
            b"a: " + b"[" * 10_000,
            f"1:{DEEPEST_CARD + 3}: the card is nested too deeply; a card needs no more than six levels",
        ),
        (b"".join(b" " * i + b"a:\n" for i in range(500)), "21:21: the card is nested too deeply; a card needs no"),
        (
            b"- " * 5000,
            f"1:{DEEPEST_CARD * 2 + 1}: the card is nested too deeply; a card needs no more than six levels",
        ),
        (b"a: &a [x]\nb: *a", "1:4: anchors (&) and aliases (*) are not allowed; write the value out, or put the text"),
        (b"name: *none", "1:7: anchors (&) and aliases (*) are not allowed; write the value out, or put the text in"),
        (
            b"name: !!python/object/apply:os.system [ls]",
            "1:7: tags (!) are not allowed; put a text that starts with '!'",
        ),
        (b"name: one\nfields: {a: {kind: text}\n", "2:9: this is not YAML: this '{' is never closed, or a ',' is"),
        (b"missing: [a,\n", "2:1: this is not YAML: the card ends here, and a bracket is still open"),
        (b"%YAML 3.0\n---\nname: one", "1:1: this is not YAML: found incompatible YAML document"),
        (b"? [name]\n: one", "1:3: a key of the card must be a plain word, not a list"),
        (b"{name: one, name: two}", "1:13: 'name' stands twice in the card, both on this line; remove one of the two"),
    ],
)
def test_odd_file(tmp_path: Path, data: bytes, message: str) -> None:
    """A file that is no card, or no text at all, is refused with the first thing that is wrong."""
    path = tmp_path / "odd.yaml"
    path.write_bytes(data)
    with pytest.raises(ScorecardError) as caught:
        read_card(path)
    assert f"odd.yaml:{message}" in str(caught.value)


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


def test_half_characters() -> None:
    """Half of a character, which no file holds but a text may, is refused."""
    assert problems("name: a\ud800") == ["1:8: the control character '\\ud800' can't be in a card; remove it"]


# -- good cards --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_are_read(path: Path) -> None:
    """Every example is a card, and its own cases hold."""
    assert find_failures(read_card(path)) == ()


def used(node: object, part: str) -> set[tuple[str, str]]:
    """The keys that a card uses, each with its part."""
    below = {("card", "outcome"): "outcome", ("outcome", "became"): "became", ("stage", "probability"): "probability"}
    below |= {("case", "expect"): "expect", ("stage", "value"): "value", ("card", "write_back"): "write_back"}
    below |= dict.fromkeys((("write_back", system) for system in KEYS["write_back"]), "written")
    many = {"fields": "field", "criteria": "criterion", "groups": "group", "rules": "rule", "exclude": "exclusion"}
    many |= {"stages": "stage", "cases": "case"}
    keys = set()
    for key, value in node.items() if isinstance(node, dict) else []:
        keys.add((part, key))
        if (part, key) in below:
            keys |= used(value, below[part, key])
        elif part == "card" and key in many:
            for item in value.values() if isinstance(value, dict) else value:
                keys |= used(item, many[key])
    return keys


def test_every_key_is_read() -> None:
    """The card that uses every key is read into what it says."""
    assert used(yaml.safe_load(GOOD), "card") == {(part, key) for part, keys in KEYS.items() for key in keys}
    card = parse_card(GOOD)
    assert card.missing == ("", "n/a", "null")
    assert card.fields["country"].values == ("NO", "SE", "012", "12:30:00", "null")
    assert card.fields["created"].sources == (
        ("salesforce", "CreatedDate"),
        ("hubspot", "createdate"),
        ("hubspot", "created_at"),
    )
    assert card.fields["lead_id"].columns == ("lead_id", "Id")
    assert card.fields["budget"].missing == (999.0,)
    assert [field.name for field in card.fields.values() if field.learn] == ["country", "budget", "newsletter", "rich"]
    assert [field.name for field in card.fields.values() if field.known_when_scored] == ["newsletter"]
    assert card.groups == (Group("engagement", 200, -75), Group("size", best_of=True))
    reads, rich, nordic = card.rules
    assert (reads.points, rich.points, nordic.points) == (125, -30, 40)
    assert (reads.half_life, reads.since, reads.group) == (HalfLife(14, "created"), date(2025, 3, 1), "engagement")
    assert reads.why == "the newsletter team is sure of it"
    assert rich.reason == 'Has more than it needs: "rich"'
    assert nordic.when.text == "country in ('NO', 'SE') or country = '012'"
    assert card.outcome is not None
    assert (card.outcome.column, card.outcome.within, card.outcome.minimum) == ("opportunity_date", 90, 200)
    assert [criterion.name for criterion in card.criteria if not criterion.essential] == ["reads"]
    assert (card.stages[1].points, card.stages[2].precision) == (400, 0.7)
    assert (card.stages[3].capacity, card.stages[4].value) == (Capacity(40, "week"), DealValue(9000, 120))
    assert card.write_back["hubspot"]["score"] == "lead_score"
    assert list(card.write_back) == ["hubspot", "salesforce", "dynamics"]
    assert (card.grades, card.below) == ((("A", 650), ("B", 500), ("C", 350)), "D")
    assert card.cases[0].lead == {"Id": "1", "country": "no", "budget": "200000", "stage": "contact"}
    assert find_failures(card) == ()


def test_json_is_a_card_too() -> None:
    """JSON is YAML, so a program may write a card."""
    text = json.dumps(yaml.safe_load(FIELDS + "rules: []\ngrades: {hot: 60, cold: 40}\n"))
    card = parse_card(text)
    assert list(card.fields) == ["need", "budget", "created", "newsletter"]
    assert (card.grades, card.below) == ((("hot", 600), ("cold", 400)), "below")


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


def test_a_case_with_two_values_for_one_field() -> None:
    """The lead of a case may not give a field two values under two names."""
    fields = FIELDS.replace("{kind: number}", "{kind: number, from: Amount}")
    (problem,) = problems(fields + "cases:\n  - {lead: {budget: 5, Amount: 6}, expect: {points: 50}}\n")
    assert problem.startswith("8:32: 'Amount' of case 1 gives field 'budget' another value than 'budget' does; remove")
    parse_card(fields + "cases:\n  - {lead: {budget: 5, Amount: 5.0}, expect: {points: 50}}\n")


def test_a_case_with_a_computed_field() -> None:
    """The lead of a case gives what is asked, not what is computed."""
    fields = FIELDS + "  rich: {kind: flag, is: budget > 5}\n"
    (problem,) = problems(fields + "cases:\n  - {lead: {rich: yes}, expect: {points: 50}}\n")
    assert problem == "9:13: the lead of case 1 has 'rich', which is computed; give the fields that it asks"


# -- any text at all ---------------------------------------------------------------------------------------------------

PIECES = [
    "'",
    '"',
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "!",
    "|\n",
    ">\n",
    "\t",
    "\n",
    "#",
    "?",
    "%",
    "@",
]
PIECES += [
    "---\n",
    "...",
    "\\",
    "\0",
    "\x1b",
    "\u2028",
    "\x85",
    "\ufeff",
    "\ud800",
    "𝄞",
    "null",
    "~",
    "yes",
    "0x10",
    "1e99",
]
PIECES += [
    "kind: ",
    "name: ",
    "is: ",
    "when: ",
    "<<: ",
    "__import__('os')",
    "'; DROP TABLE leads; --",
    "9" * 400,
    "and",
    "(",
]


def read(text: str) -> Card | tuple[Problem, ...]:
    """A card, or its problems; anything else that is raised is a bug."""
    try:
        return parse_card(text)
    except ScorecardError as error:
        return error.problems


def check(text: str) -> None:
    """A text is read into a card that prints to Python, or its problems have a place each."""
    result = read(text)
    if isinstance(result, Card):
        compile(print_module(build_untrained(result)), "<card>", "exec")
        return
    assert result
    for problem in result:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in problem.text


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is a card or a list of problems; nothing else is ever raised."""
    check(text)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The card that uses every key, with one to three pieces put in, taken out, doubled or moved."""
    text = GOOD
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["put", "take", "double", "line", "move"])):
            case "put":
                text = text[:start] + draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))) + text[end:]
            case "take":
                text = text[:start] + text[end:]
            case "double":
                text = text[:end] + text[start:end] + text[end:]
            case "line":
                lines = text.split("\n")
                at = text[:start].count("\n")
                text = "\n".join(lines[:at] + lines[at + 1 :])
            case "move":
                to = draw(st.integers(0, len(text)))
                text = text[:to] + text[start:end] + text[to:]
    return text


@settings(max_examples=examples(60))
@given(mutated())
def test_any_mutation_is_read_or_refused(text: str) -> None:
    """A card with random damage is read, or refused with problems; nothing else is ever raised."""
    check(text)


def test_scalars_of_any_shape_everywhere() -> None:
    """Whatever stands at a key where something else belongs, the reader says so and goes on."""
    whole = yaml.safe_load(GOOD)
    odd: list[Any] = [
        None,
        "",
        "x",
        "x y",
        5,
        -1e9,
        True,
        [],
        [None],
        [[]],
        {},
        {"x": {}},
        [{"name": "a"}],
        "[",
        "\u2028",
    ]
    for i, path in enumerate(paths(whole)):
        for value in odd[i % 3 :: 3]:  # each at many places, and a third of them at each
            check(json.dumps(replaced(whole, path, value), default=str))


def paths(node: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [above, *(path for key, value in items for path in paths(value, (*above, key)))]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a tree with another value at one place."""
    if not path:
        return value
    if isinstance(node, dict):
        return {key: replaced(child, path[1:], value) if key == path[0] else child for key, child in node.items()}
    return [replaced(child, path[1:], value) if i == path[0] else child for i, child in enumerate(node)]
