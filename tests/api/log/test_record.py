"""A score is written to the log and read back with the same values."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from pydantic_core import to_json

from leadledger.api.log import tables
from leadledger.api.log.record import Record, decode_input, encode_answer, encode_input, find_lead_id, new_id, now
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.errors import DataError, LeadError
from leadledger.scoring.scorecard import Card, Scorecard, build_untrained
from tests.api.log.scored_leads import DAY, LEAD
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, PLAIN, scorecards, scorecards_with_axes, scorecards_with_steps


def test_rows_have_the_order_of_the_columns() -> None:
    """Rows have the order of the columns, because SQLite gets their values in that order."""
    scorecard = build_untrained(Card("none", fields=PLAIN))
    record = Record("id", "at", None, "", "", "", b"", get_engine(scorecard).score({}, AS_OF))
    assert list(record.row()) == tables.scores.columns.keys()


@settings(max_examples=examples(50))
@given(lead=LEADS)
def test_any_values_come_back(lead: dict[str, Any]) -> None:
    """What the log keeps of a lead is read as the same values, of the same types."""
    ready = get_engine(build_untrained(Card("raw", fields=PLAIN)))
    try:
        values = ready.clean(lead).values
    except LeadError:  # is not recorded
        return
    again, ignored = decode_input(ready.card.card, encode_input(values, ("x",)))
    assert again == values
    assert [type(value) for value in again.values()] == [type(value) for value in values.values()]
    assert ignored == ("x",)


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "\0"])
def test_texts_that_no_database_keeps(client: TestClient, odd: str) -> None:
    """A lead with a NUL or a lone surrogate is recorded, found and replayed like any other."""
    content = json.dumps({"lead": {**LEAD, "lead_id": odd, "job_title": odd}, "as_of": DAY})
    answer = client.post("/v1/score", content=content, headers={"Content-Type": "application/json"})
    if answer.status_code == 422:  # refused before it is scored
        return
    assert answer.status_code == 200, answer.text
    assert client.get(f"/v1/scores/{answer.json()['id']}/replay").json()["identical"]
    logged = client.get(f"/v1/scores/{answer.json()['id']}").json()["lead"]
    assert len(client.get(f"/v1/leads/{logged}/scores").json()["scores"]) == 1


@pytest.mark.slow
@settings(max_examples=examples(30))
@given(card=scorecards() | scorecards_with_axes() | scorecards_with_steps(), lead=LEADS)
def test_an_answer_is_its_result_as_json(card: Scorecard, lead: dict[str, Any]) -> None:
    """An answer is the JSON of its id and its result, byte by byte, whatever the texts of the card are."""
    try:
        result = get_engine(card).score(lead, AS_OF)
    except LeadError:
        return
    for _ in range(2):  # entries that are written again are those that were kept
        assert encode_answer("x", result) == to_json({"id": "x", **result.to_dict()})
    assert encode_answer('"ledger":null', result).startswith(b'{"id":"\\"ledger\\":null","card"')


def test_ids_sort_by_time() -> None:
    """Ids have 26 characters, all differ, and they sort by their millisecond."""
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {len(new) for new in ids} == {26}
    assert ids[0][:9] <= ids[-1][:9]


def test_times_sort_as_texts() -> None:
    """A time has six decimals, also where they are zeros, and no other offset than that of UTC."""
    times = [now() for _ in range(100)]
    assert times == sorted(times)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time) for time in times)


def test_the_id_of_a_lead() -> None:
    """The id of a lead is its first known field of that kind."""
    card = parse_card("name: ids\nfields: {a: {kind: id}, b: {kind: number}, c: {kind: id}}\n")
    assert find_lead_id(card, {"a": None, "b": 1.0, "c": "x"}) == "x"
    assert find_lead_id(card, {"a": "y", "b": 1.0, "c": "x"}) == "y"
    assert find_lead_id(card, {"a": None, "b": 1.0, "c": None}) is None


def test_numbers_come_back_exactly() -> None:
    """Doubles are kept to the last bit."""
    card = parse_card("name: n\nfields: {b: {kind: number}}\n")
    for value in (0.1, 1e308, 5e-324, -0.0, math.pi, 2.0**53 + 2):
        again, _ = decode_input(card, encode_input({"b": value}, ()))
        assert again["b"] == value
    with pytest.raises(DataError, match="the card has no field 'c'"):
        decode_input(card, json.dumps({"values": {"c": 1}, "ignored": []}))


def test_a_text_is_spelt_as_the_card_that_reads_it() -> None:
    """Where another card has a word for a logged text, a lenient reading gives it, as for a lead that is sent."""
    base = "name: x\nfields:\n  job: {kind: text}\nrules:\n  - {name: r, when: job is not null, points: 1, reason: R}\n"
    newer = f"{base}  - {{name: s, when: \"job = 'CEO'\", points: 20, reason: S}}\n"
    old, new = (get_engine(build_untrained(parse_card(text))) for text in (base, newer))
    kept = encode_input(old.clean({"job": "ceo"}).values, ())
    assert decode_input(old.card.card, kept, lenient=True)[0] == {"job": "ceo"}
    assert decode_input(new.card.card, kept)[0] == {"job": "ceo"}  # a replay changes nothing
    assert decode_input(new.card.card, kept, lenient=True)[0] == new.clean({"job": "ceo"}).values == {"job": "CEO"}
