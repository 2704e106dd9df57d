"""Nothing from a card or a lead can become code, in Python or in SQL."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from leadledger import explain
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import PrinterError, ScorecardError
from leadledger.scoring.exclusion import Exclusion
from leadledger.scoring.field import Field as CardField
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.printers import text
from leadledger.scoring.printers.python.module import compile_card, print_module
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.rule import Group, Rule
from leadledger.scoring.scorecard import Card, Learned, Scorecard, build_untrained
from leadledger.scoring.text_forms import WHITE_SPACE
from leadledger.scoring.tree import Condition, FieldRef, Truth

AS_OF = date(2026, 7, 1)
NONE = Leaf(0, 1)
TRAP = "injected"  # the file that any of these would make if it ever ran
HOSTILE = [
    f"'); open('{TRAP}', 'w')  #",
    f"' or __import__('pathlib').Path('{TRAP}').touch() or '",
    f'"""\n__import__(\'pathlib\').Path(\'{TRAP}\').touch()\n"""',
    f"'; COPY (SELECT 1) TO '{TRAP}'; --",
    "'; DROP TABLE leads; --",
    "\\'; DROP TABLE leads; --",
    "x' OR '1' = '1",
    "*/ SELECT 1 /*",
    "a\nb",
    "a\r\nimport os",
    "{TRAP} {0} %s %(x)s ${x} $$",
    "a\u2028__import__('os')",
    "back\\slash\\",
    '"quoted"',
    "-- comment",
    "\\x27\\u0027",
    "é \U0001d11e",
]


def hostile_card(word: str) -> str:
    """A card with the word wherever a card takes a text."""
    printable = " ".join(word.split()) or "x"
    literal = "'" + word.replace("'", "''") + "'"
    card: dict[str, Any] = {
        "name": "hostile",
        "title": printable,
        "missing": [f"{printable} missing"],
        "fields": {
            "said": {
                "kind": "text",
                "ask": printable,
                "label": printable,
                "from": {printable: [f"{printable} column"]},
            },
            "size": {"kind": "number", "unit": printable, "ask": printable},
            "known": {"kind": "flag", "label": printable},
        },
        "criteria": {"said": {"met": f"said = {literal}", "label": printable}},
        "rules": [
            {"name": "same", "when": f"said = {literal}", "points": 5, "reason": printable, "why": printable},
            {"name": "one_of", "when": f"said in ({literal}, 'b')", "points": 3, "reason": printable},
            {"name": "holds", "when": f"contains(said, {literal})", "points": 2, "reason": printable},
        ],
        "exclude": [{"name": "out", "when": "said = 'nobody'", "reason": printable}],
        "stages": [{"name": "lead"}, {"name": "opportunity", "requires": ["said"]}],
    }
    return yaml.safe_dump(card, allow_unicode=True, sort_keys=False)


@pytest.mark.slow
@pytest.mark.parametrize("word", HOSTILE)
def test_texts_stay_texts(word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In conditions, levels, labels, columns and leads: the text is found equal to itself, and nothing runs."""
    monkeypatch.chdir(tmp_path)
    card = parse_card(hostile_card(word))
    bins = TextBins((word, "b"))
    terms = (
        Table("said", bins, (0, 70, 1, 2), (1, 2, 3, 4)),
        Pair(("said", "size"), (bins, TextBins(())), ((0, 0), (4, 4), (0, 0), (0, 0)), ((1, 1),) * 4),
        Combination(
            ("said", "size", "known"),
            (bins, NumberBins((1.0,)), FlagBins()),
            (Branch("said", (1,), Branch("size", (0,), Branch("known", (0,), Leaf(8, 1), NONE), NONE), NONE),),
        ),
    )
    scorecard = Scorecard(card, Learned(terms=terms), release=word)
    lead = {"said": word, f"{word} other": word}
    result = get_engine(scorecard).score(lead, AS_OF)
    expected = 500 + 50 + 30 + 20 + 70 + 4 + 8
    # White space at the ends is taken off a lead's text, as from every text.
    assert result.tenths == (expected if word == word.strip(WHITE_SPACE) else 500 + 2)
    assert explain(scorecard, lead, AS_OF)
    assert text.card_text(scorecard)
    assert json.loads(json.dumps(result.to_dict()))["ignored"] == [f"{word} other"]
    compile(print_module(scorecard), "<card>", "exec")
    with duckdb.connect() as connection:
        columns = {"said": "VARCHAR", f"{word} other": "VARCHAR"}
        connection.execute(f"CREATE TABLE leads ({', '.join(f'{quoted(name)} VARCHAR' for name in columns)})")
        connection.execute("INSERT INTO leads VALUES (?, ?)", [word, word])
        query = sql.select(scorecard, Query(AS_OF, columns=columns, keep=list(columns), checks=True, explain=True))
        rows = connection.execute(f'SELECT * EXCLUDE (recommendation), "ll:total" AS total FROM ({query})').fetchall()
        assert rows[0][:2] == (word, word)
        assert rows[0][-1] == result.tenths
        gains = connection.execute(f"SELECT gain_1, gain_2, gain_3 FROM ({query})").fetchone()
        assert gains is not None
        assert {gain for gain in gains if gain} <= set(result.recommendation.reasons)
        assert connection.execute("SELECT count(*) FROM leads").fetchall() == [(1,)]
    assert list(tmp_path.iterdir()) == []


NAMES = [*HOSTILE, "__import__", "a b", "A", "a.b", "a;b", 'a"b', "a'b", "é", "1_a", "", "a" * 61]


@pytest.mark.parametrize("place", ["field", "rule", "group", "criterion", "exclusion", "stage", "card"])
@pytest.mark.parametrize("word", NAMES)
def test_names_are_plain_words(word: str, place: str) -> None:
    """A name that isn't made of a to z, 0 to 9 and _ is refused, wherever it stands."""
    card: dict[str, Any] = {"name": "plain", "fields": {"a": {"kind": "number"}}}
    named = {"name": word, "when": "a > 1", "reason": "Because"}
    places: dict[str, dict[str, Any]] = {
        "field": {"fields": {word: {"kind": "number"}, "b": {"kind": "flag"}}},
        "rule": {"rules": [{**named, "points": 1}]},
        "group": {"groups": {word: {"max": 1}}},
        "criterion": {"criteria": {word: {"met": "a > 1"}}},
        "exclusion": {"exclude": [named]},
        "stage": {"stages": [{"name": word}]},
        "card": {"name": word},
    }
    with pytest.raises(ScorecardError):
        parse_card(yaml.safe_dump(card | places[place], allow_unicode=True))


@pytest.mark.parametrize("place", ["field", "rule", "group", "criterion", "exclusion"])
@pytest.mark.parametrize("word", [word for word in NAMES if not re.fullmatch(r"\w*", word, re.ASCII)])
def test_names_past_the_reader(word: str, place: str) -> None:
    """A card that was put together in Python prints no name that could be code."""
    names = dict.fromkeys(("field", "rule", "group", "criterion", "exclusion"), "plain") | {place: word}
    when = Condition("", Truth(FieldRef(names["field"], "flag")))
    card = Card(
        "plain",
        fields={names["field"]: CardField(names["field"], "flag")},
        criteria=(Criterion(names["criterion"], when),),
        groups=(Group(names["group"], 10),),
        rules=(Rule(names["rule"], when, 50, "Because", group=names["group"]),),
        exclude=(Exclusion(names["exclusion"], when, "Because"),),
    )
    with pytest.raises(PrinterError, match="is no name; names have a to z, 0 to 9 and _ only"):
        print_module(build_untrained(card))


@pytest.mark.parametrize("word", [*HOSTILE, "nul\0", "\x1b[2J", "half \ud800"])
def test_names_of_cards_and_releases_are_only_told(word: str) -> None:
    """The printed Python names its card and its release in its first line, whatever they are, and nowhere else."""
    card = Card(word, fields={"a": CardField("a", "flag")})
    scorecard = Scorecard(card, Learned(), release=word)
    assert compile_card(scorecard)({"a": None}, AS_OF)[0] == 500
    plain = print_module(Scorecard(replace(card, name="plain"), Learned()))
    assert print_module(scorecard).split("\n")[1:] == plain.split("\n")[1:]


@pytest.mark.parametrize(
    "word", ["class", "lambda", "none", "total", "lead", "as_of", "tally", "select", "print", "sum"]
)
def test_words_of_the_languages_are_good_names(word: str) -> None:
    """A field may have the name of a word of Python or SQL, or of a variable that the printers use."""
    card = parse_card(
        f"name: words\nfields: {{{word}: {{kind: number}}}}\n"
        f"rules: [{{name: {word}, when: '\"{word}\" > 1', points: 5, reason: Because}}]\n"
    )
    scorecard = Scorecard(card, Learned())
    assert get_engine(scorecard).score({word: 2}, AS_OF).tenths == 550
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE leads AS SELECT 2.0::DOUBLE AS {quoted(word)}")
        assert connection.execute(sql.select(scorecard, Query(AS_OF))).fetchall()[0][1] == 55.0
