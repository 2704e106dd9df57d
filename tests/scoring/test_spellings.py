"""Spellings: what a text becomes where the card or a learned table has a word for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from leadledger.scoring.bins import TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine, score
from leadledger.scoring.errors import LeadError
from leadledger.scoring.lookup import Pair, Table
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained

AS_OF = date(2026, 7, 1)
CARD = """
name: words
fields:
  country: {kind: text}
  source: {kind: text, from: [LeadSource, origin]}
  code: {kind: text, exact: yes}
  job_title: {kind: text}
  stage: {kind: text}
rules:
  - {name: nordic, when: "country in ('Norway', 'Sweden')", points: 10, reason: Nordic}
  - {name: shouted, when: country = 'NORWAY', points: 5, reason: Norway again}
  - {name: austria, when: code = 'AT', points: 3, reason: Austria}
  - {name: nameless, when: "contains(job_title, 'unknown')", points: 2, reason: Nobody knows}
  - {name: unknown_source, when: source = 'Unknown', points: -4, reason: From nowhere}
stages: [{name: contact}, {name: lead, points: 60}]
"""


@pytest.mark.parametrize(
    ("lead", "points", "fires"),
    [
        ({"country": "norway"}, 65.0, ["nordic", "shouted"]),
        ({"country": "NORWAY\u00a0"}, 65.0, ["nordic", "shouted"]),
        ({"country": "\u200bSweden"}, 60.0, ["nordic"]),
        ({"code": "AT "}, 53.0, ["austria"]),
        ({"code": "at"}, 50.0, []),
        ({"job_title": "UNKNOWN"}, 52.0, ["nameless"]),
        ({"source": "unknown"}, 46.0, ["unknown_source"]),
        ({"country": "unknown"}, 50.0, []),
    ],
)
def test_conditions_ask_for_a_word_in_any_spelling(lead: dict[str, str], points: float, fires: list[str]) -> None:
    """A condition is true of every spelling of its word, in Python and in SQL alike."""
    card = build_untrained(parse_card(CARD))
    result = score(card, lead, AS_OF)
    assert result.points == points
    assert [entry.name for entry in result.ledger[1:]] == fires
    columns = dict.fromkeys(lead, "VARCHAR")
    with duckdb.connect() as duck:
        duck.execute(f"CREATE TABLE leads ({', '.join(f'{name} VARCHAR' for name in columns)})")
        duck.execute(f"INSERT INTO leads VALUES ({', '.join('?' * len(columns))})", list(lead.values()))
        selected = sql.to_sql(card, AS_OF, columns=columns)
        assert duck.execute(f"SELECT points FROM ({selected})").fetchone() == (points,)


def test_words_for_nothing_are_values_where_the_card_uses_them() -> None:
    """`unknown` is missing in a field, unless a condition compares it or searches for it, or every sign counts."""
    clean = get_engine(build_untrained(parse_card(CARD))).clean
    lead = dict.fromkeys(("country", "source", "code", "job_title"), "unknown")
    assert clean(lead).values == {
        **{"country": None, "source": "Unknown", "code": "unknown", "job_title": "unknown", "stage": None}
    }


def test_stages_are_found_in_any_spelling() -> None:
    """A lead stands at its stage, however that is written."""
    advice = score(build_untrained(parse_card(CARD)), {"stage": "\u00a0LEAD"}, AS_OF).recommendation
    assert advice.at == "lead"


def test_two_columns_of_one_field_may_spell_it_differently() -> None:
    """Two spellings of one text are one value; two texts clash."""
    clean = get_engine(build_untrained(parse_card(CARD))).clean
    assert clean({"LeadSource": "Web", "origin": "WEB "}).values["source"] == "Web"
    with pytest.raises(LeadError, match="'source' has another value under 'LeadSource'"):
        clean({"LeadSource": "Web", "origin": "Fair"})


def test_levels_of_a_table_are_found_in_any_spelling() -> None:
    """A learned level is looked up by any spelling; of two that an older release tells apart, by the commoner one."""
    levels = TextBins(("web", "Web", "Fair", "norway"))
    source = Table("source", levels, (0, 10, 20, 30, 40, 0), (0, 5, 50, 9, 9, 9))
    country = Table("country", replace(levels, levels=("norway",)), (0, 7, 0), (0, 5, 5))
    both = Pair(("country", "source"), (country.bins, levels), ((0,) * 6, (1,) * 6, (2,) * 6), ((0,) * 6,) * 3)
    card = Scorecard(parse_card(CARD), Learned(terms=(source, country, both)))
    spelt = [term.bins for term in card.learned.terms if isinstance(term, Table)]
    assert [bins.labels[1:-1] for bins in spelt] == [("web", "Web", "Fair", "norway"), ("Norway",)]
    for written in ("web", "WEB", "Web\u00a0"):
        entries = {entry.name: entry for entry in score(card, {"source": written}, AS_OF).ledger}
        assert (entries["source"].points, entries["source"].reason) == (2.0, "source: Web")
    entries = {entry.name: entry for entry in score(card, {"country": "NORWAY"}, AS_OF).ledger}
    assert (entries["country"].points, entries["country"].reason) == (0.7, "country: Norway")
    assert "unknown" in str(get_engine(card).clean({"source": "unknown"}).values["source"]).lower()


def test_a_level_that_is_a_word_for_nothing_stays_one() -> None:
    """A table of a release that has the level `unknown` looks it up."""
    levels = TextBins(("unknown",))
    card = Scorecard(parse_card(CARD), Learned(terms=(Table("country", levels, (0, 7, 0), (0, 5, 5)),)))
    assert score(card, {"country": "Unknown"}, AS_OF).points == 50.7
    assert score(card, {"country": "NULL"}, AS_OF).points == 50.0


def test_a_condition_of_a_list_asks_for_any_spelling() -> None:
    """`--where` compares texts as a card does, with words that the card doesn't have."""
    card = build_untrained(parse_card(CARD))
    with duckdb.connect() as duck:
        duck.execute("CREATE TABLE leads AS SELECT unnest(['oslo', 'OSLO', 'Oslo\u00a0', 'Bergen', NULL]) AS source")
        selected = sql.to_sql(card, AS_OF, columns={"source": "VARCHAR"}, keep=["source"], where="source = 'Oslo'")
        chosen = duck.execute(f"SELECT source FROM ({selected})").fetchall()
    assert chosen == [("oslo",), ("OSLO",), ("Oslo\u00a0",)]
