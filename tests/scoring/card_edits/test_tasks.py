"""What sales operations write in a card, made by edits, and seen in the scores of leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import DeleteEntry, Edit, PutEntry
from leadledger.scoring.card_edits.event_counts import CountingField, find_counting_field
from leadledger.scoring.conditions.row_text import write_condition
from leadledger.scoring.conditions.rows import Row, Rows
from leadledger.scoring.conditions.sentences import describe_rule, write_sentence
from leadledger.scoring.engine.cases import build_declared, find_failures
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import CardEditError
from leadledger.scoring.event_value import EventValue

PATH = Path(__file__).parents[3] / "examples" / "b2b-software" / "card-with-events.yaml"
TEXT = PATH.read_text("utf-8")
AS_OF = date(2026, 7, 1)
MAIL = PutEntry(
    "fields",
    "mail",
    {"kind": "text", "learn": False, "label": "mail address", "from": {"salesforce": "Email", "hubspot": "email"}},
    after="job_title",
)
PRIVATE = ("@gmail.com", "@outlook.com", "@icloud.com", "@hotmail.com", "@yahoo.com")


def make_visits(*days: str) -> list[dict[str, Any]]:
    """Visits to the price page, one on each day."""
    return [
        {"kind": "visit", "id": day, "time": f"{day}T09:00:00Z", "properties": {"path": "/pricing"}} for day in days
    ]


def write_rule(
    text: str, name: str, row: Row, points: float, reason: str, edits: Sequence[Edit] = (), **keys: Any
) -> str:
    """A card with a rule more, made as a form makes it: rows, points, a reason."""
    for edit in edits:
        text = apply_edit(text, edit)
    when = write_condition(Rows("all", (row,)), parse_card(text).fields)
    return apply_edit(text, PutEntry("rules", name, {"when": when, "points": points, **keys, "reason": reason}))


def count_points(text: str, lead: dict[str, Any], events: list[dict[str, Any]] | None) -> tuple[int, dict[str, int]]:
    """The total of a lead, and what each rule earns, in tenths."""
    result = score(build_declared(parse_card(text)), lead, AS_OF, events=events)
    return result.tenths, {entry.name: entry.tenths for entry in result.ledger if entry.kind == "rule"}


VISITS = find_counting_field(read_card(PATH), EventValue("count", "price_visit", window=14))
# The rule, the edits that it needs before, the lead and its events for which it counts, and those for which it doesn't.
TASKS: dict[str, tuple[Row, float, tuple[Edit, ...], tuple[Any, Any], tuple[Any, Any], str]] = {
    "CEO": (
        Row("job_title", "starts_with", ("CEO",)),
        20,
        (),
        ({"job_title": "ceo & founder"}, None),
        ({"job_title": "Assistant to the CEO"}, None),
        "When job title starts with CEO",
    ),
    "private mail address": (
        Row("mail", "ends_with", PRIVATE),
        -10,
        (MAIL,),
        ({"email": "Kari@GMail.com"}, None),
        ({"email": "kari@gmail.com.example.no"}, None),
        "When mail address ends with @gmail.com, @outlook.com, @icloud.com and 2 more",
    ),
    "price page twice in 14 days": (
        Row(VISITS.name, "at_least", ("2",)),
        15,
        () if VISITS.edit is None else (VISITS.edit,),
        ({}, make_visits("2026-06-18", "2026-06-30")),
        ({}, make_visits("2026-06-17", "2026-06-30")),
        "When visits to the price page in 14 days are at least 2",
    ),
    "no activity for 30 days": (
        Row("days_silent", "more_than", ("30",)),
        -15,
        (),
        ({"last_activity": "2026-05-31"}, None),
        ({"last_activity": "2026-06-01"}, None),
        "When days since the last activity are more than 30",
    ),
}


# The card's own cases that a rule moves: this is what the studio shows before it is published.
FAILING_CASES = {"no activity for 30 days": ["whoever does nothing for two months is silent"]}


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_task(task: str) -> None:
    """A rule that is written in a form earns its points for the leads that it means, and for no other."""
    row, points, edits, (lead, events), (other, other_events), sentence = TASKS[task]
    name, reason = task.lower().replace(" ", "_"), f"Is so: {task}"
    edited = write_rule(TEXT, name, row, points, reason, edits)
    before, _ = count_points(TEXT, lead, events)
    after, rules = count_points(edited, lead, events)
    assert rules[name] == points * 10
    assert after - before == points * 10
    unmoved, rules = count_points(edited, other, other_events)
    assert name not in rules
    assert unmoved == count_points(TEXT, other, other_events)[0]
    card = parse_card(edited)
    (rule,) = [rule for rule in card.rules if rule.name == name]
    assert write_sentence(describe_rule(rule, card.fields)) == sentence
    assert [failure.case for failure in find_failures(card)] == FAILING_CASES.get(task, [])
    for edit in (DeleteEntry("rules", name), *(DeleteEntry("fields", made.name) for made in edits)):  # type: ignore[union-attr]
        edited = apply_edit(edited, edit)
    assert edited == TEXT


@pytest.mark.slow
def test_all_tasks_at_once() -> None:
    """All four rules together are one card, and what is in a full group adds nothing."""
    text = TEXT
    for task, (row, points, edits, *_) in TASKS.items():
        group = {"group": "engagement"} if row.field.startswith(("price", "days")) else {}
        text = write_rule(text, task.lower().replace(" ", "_"), row, points, task, edits, **group)
    assert len(parse_card(text).rules) == len(parse_card(TEXT).rules) + 4
    lead = {"job_title": "CEO", "email": "a@gmail.com", "last_activity": "2026-07-01", "demo_requested": True}
    before, after = (count_points(card, lead, make_visits("2026-07-01", "2026-06-30"))[0] for card in (TEXT, text))
    assert after - before == 200 - 100 + 0  # activity had filled its group already
    removed = set(TEXT.splitlines()) - set(text.splitlines())
    assert removed == set()


def test_counting_field_is_added_where_there_is_none() -> None:
    """A window that no field has yet becomes a field beside the others, and can be asked."""
    card = parse_card(TEXT)
    counting = find_counting_field(card, EventValue("count", "price_visit", window=21))
    keys = {"kind": "number", "is": "count(price_visit, 21 days)", "label": "price visits in 21 days"}
    assert counting == CountingField("price_visits_21", PutEntry("fields", "price_visits_21", keys, after="last_visit"))
    edited = write_rule(
        TEXT,
        "reads",
        Row(counting.name, "at_least", ("2",)),
        3,
        "Reads",
        () if counting.edit is None else (counting.edit,),
    )
    assert count_points(edited, {}, make_visits("2026-06-11", "2026-06-30"))[1]["reads"] == 30
    assert find_counting_field(parse_card(edited), EventValue("count", "price_visit", window=21)).edit is None


def test_counting_field_of_other_ways() -> None:
    """Sums, days and last days have names and kinds of their own, and no name is taken twice."""
    card = parse_card(TEXT)
    for value, name, written in (
        (EventValue("sum", "visit", "seconds", 1), "sum_seconds_visit_1", "sum(visit.seconds, 1 day)"),
        (EventValue("days", "visit", window=7), "days_visit_7", "days(visit, 7 days)"),
        (EventValue("last", "talk"), "last_talk", "last(talk)"),
    ):
        counting = find_counting_field(card, value)
        assert counting.edit is not None
        assert (counting.name, counting.edit.keys["is"]) == (name, written)
        field = parse_card(apply_edit(TEXT, counting.edit)).fields[name]
        assert field.event_value == value
    taken = apply_edit(TEXT, PutEntry("fields", "calls_7", {"kind": "number"}))
    assert find_counting_field(parse_card(taken), EventValue("count", "call", window=7)).name == "calls_7_2"


def test_counting_an_unknown_kind() -> None:
    """A kind that the card doesn't have is refused."""
    with pytest.raises(CardEditError) as error:
        find_counting_field(parse_card(TEXT), EventValue("count", "price_visits"))
    assert str(error.value) == "the card has no kind of events 'price_visits'. Did you mean 'price_visit'?"
