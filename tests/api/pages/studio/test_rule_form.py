"""The form of a rule: from a card and back, its buttons, what it asks for, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from leadledger.api.pages.studio.condition_form import FormGroup, FormRow, GroupView, RowView, view_condition
from leadledger.api.pages.studio.rule_form import RuleInputs, fill_in_rule, press, read_rule_form, write_rule
from leadledger.api.pages.studio.rule_list import find_rules, list_rules
from leadledger.api.requests.form import Form
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import PutEntry
from leadledger.scoring.errors import CardEditError

ROOT = Path(__file__).parents[4]
CARDS = sorted((ROOT / "examples").glob("*/card*.yaml"))
EVENTS_TEXT = (ROOT / "examples" / "b2b-software" / "card-with-events.yaml").read_text("utf-8")
EVENTS_CARD = parse_card(EVENTS_TEXT)


def list_inputs(group: GroupView, place: str = "") -> list[tuple[str, str]]:
    """The inputs of a condition as a browser sends them."""
    sent = [(f"match.{place}" if place else "match", group.match)]
    for item in group.rows:
        if isinstance(item, GroupView):
            sent += list_inputs(item, item.place)
            continue
        chosen = next(option.value for _, options in item.fields for option in options if option.is_chosen)
        sent.append((f"field.{item.place}", chosen))
        sent.append((f"operator.{item.place}", next(way.value for way in item.operators if way.is_chosen)))
        sent += [(f"value.{item.place}", value) for value in list_values(item)]
    return sent


def list_values(row: RowView) -> list[str]:
    """The values of a row as a browser sends them: several in one input have a line each."""
    if row.shape == "known":
        return [option.value for option in row.options if option.is_chosen]
    return ["\r\n".join(row.values)] if row.shape == "many" else list(row.values)


@pytest.mark.slow
@pytest.mark.parametrize("path", CARDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_rule_that_nobody_changes_stays_as_it_is(path: Path) -> None:
    """What a browser sends of a form that was opened and kept changes no sign of the card."""
    text = path.read_text("utf-8")
    card = parse_card(text)
    assert find_rules(card)
    for name in find_rules(card):
        opened = fill_in_rule(card, text, name)
        sent = [("name", name), ("shape", opened.shape), ("condition", opened.condition), ("each", opened.each)]
        sent += list_inputs(view_condition(card, opened.rows)) if opened.shape == "rows" else []
        keys = ("points", "reason", "group", "half_life", "within", "per_day", "why")
        sent += [(key, getattr(opened, key)) for key in keys]
        edited = text
        for edit in write_rule(card, read_rule_form(Form(sent)), opened.kept):
            edited = apply_edit(edited, edit)
        assert edited == text, name


def test_a_count_of_events_adds_its_field_once() -> None:
    """A window that no field counts yet gets one; one that is counted already is used."""
    row = FormRow("count price_visit", "at_least", ("2",), "21")
    inputs = RuleInputs(rows=FormGroup("all", (row,)), reason="Reads")
    field, rule = write_rule(EVENTS_CARD, inputs, {})
    assert isinstance(field, PutEntry)
    assert isinstance(rule, PutEntry)
    assert (field.section, field.name) == ("fields", "price_visits_21")
    assert (rule.name, rule.keys["when"]) == ("reads", "price_visits_21 >= 2")
    edited = apply_edit(apply_edit(EVENTS_TEXT, field), rule)
    assert "reads" in find_rules(parse_card(edited))
    known = RuleInputs(rows=FormGroup("all", (replace(row, days="14"),)), reason="Reads")
    assert len(write_rule(EVENTS_CARD, known, {})) == 1


ROW = FormRow("employees", "at_least", ("50",))
PRESSED = [
    ("add", FormGroup("all", (ROW, FormRow()))),
    ("add-group", FormGroup("all", (ROW, FormGroup("any", (FormRow(), FormRow()))))),
    ("drop.0", FormGroup("all", ())),
    ("drop.7", FormGroup("all", (ROW,))),
    ("drop.0.1", FormGroup("all", (ROW,))),
    ("show", FormGroup("all", (ROW,))),
    ("nonsense.1.2.3", FormGroup("all", (ROW,))),
]


@pytest.mark.parametrize(("button", "rows"), PRESSED, ids=[button for button, _ in PRESSED])
def test_buttons_change_the_rows(button: str, rows: FormGroup) -> None:
    """A row or a group more or fewer; what no button sends changes nothing."""
    assert press(RuleInputs(rows=FormGroup("all", (ROW,))), EVENTS_CARD, button).rows == rows


def test_a_group_without_rows_is_dropped() -> None:
    """With the last of its rows."""
    inputs = RuleInputs(rows=FormGroup("all", (ROW, FormGroup("any", (ROW,)))))
    assert press(inputs, EVENTS_CARD, "drop.1.0").rows == FormGroup("all", (ROW,))


def test_rows_become_text() -> None:
    """Whoever goes on in text finds what the rows say."""
    pressed = press(RuleInputs(rows=FormGroup("all", (ROW,))), EVENTS_CARD, "as-text")
    assert (pressed.shape, pressed.condition) == ("text", "employees >= 50")


REFUSED = [
    ({"reason": ""}, "the reason is empty; say what sales reads beside the points"),
    ({"points": "many"}, "the points are 'many'; write a number such as 15 or -2.5"),
    ({"points": "1e9"}, "the points are '1e9'; write a number such as 15 or -2.5"),
    ({"value.0": ""}, "employees: a value is missing"),
    ({"value.0": "many"}, "employees: 'many' is not a number; write it like 8 or -2.5"),
    ({"field.0": "employes"}, "the card has no field 'employes'. Did you mean 'employees'?"),
    ({"field.0": "count price_visit", "days.0": "soon"}, "in how many days is counted? Write a number from 1 to 3,650"),
    ({"field.0": "count calls"}, "the card has no kind of events 'calls'. Did you mean 'call'?"),
    ({"shape": "text", "condition": " "}, "the condition is empty; write one"),
    ({"shape": "each", "each": ""}, "choose the events that earn the points"),
]


@pytest.mark.parametrize(("change", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_is_refused(change: dict[str, str], words: str) -> None:
    """Each mistake says what to do."""
    sent = {"field.0": "employees", "operator.0": "at_least", "value.0": "50", "points": "5", "reason": "Is large"}
    with pytest.raises(CardEditError) as caught:
        write_rule(EVENTS_CARD, read_rule_form(Form(list((sent | change).items()))), {})
    assert str(caught.value) == words


def test_a_flood_of_rows_is_cut() -> None:
    """A form with thousands of rows costs no more than one with forty."""
    sent = [(f"field.{number}", "employees") for number in range(900)]
    assert len(read_rule_form(Form(sent)).rows.items) < 50


def test_rules_stand_under_the_headings_of_the_card() -> None:
    """The comments of the card name the sections; what an edit has changed is marked, and what training found."""
    changes = [{"section": "rules", "name": "decider", "what": "changed"}]
    found = [{"name": "newsletter", "finding": "overrated", "said": "declared +6, the data support 0"}]
    sections = list_rules(EVENTS_CARD, EVENTS_TEXT, changes, {"rules": found, "known": 0, "now": []})
    assert [section.heading for section in sections][:3] == ["The need", "The means", "Who we talk to"]
    rules = {rule.name: rule for section in sections for rule in section.rules}
    assert set(rules) == set(find_rules(EVENTS_CARD))
    assert (rules["decider"].change, rules["decider"].points, rules["decider"].odds) == ("changed", "+8", "odds × 1.7")
    assert (rules["newsletter"].finding, rules["newsletter"].proof) == ("overrated", "declared +6, the data support 0")
    (engagement,) = [section for section in sections if section.limits]
    assert engagement.limits == "group engagement: together at most +20, at least −15"


def test_a_rule_says_whether_it_fires_as_often_as_it_did() -> None:
    """Beside the finding stands how often it fires for known leads; not for a rule that the draft has changed."""
    changes = [{"section": "rules", "name": "decider", "what": "changed"}]
    trained = {"finding": "", "said": "", "edited": False, "drift": "steady", "share": 0.1}
    names = ("urgent_need", "clear_need", "vague_need", "decider")
    found = [{**trained, "name": name} for name in names]
    found.append({**trained, "name": "no_need", "drift": "shifted"})
    shares = {"urgent_need": 0.4, "clear_need": 0.02, "vague_need": 0.0, "decider": 0.4, "budget_set": 0.5}
    drifts = {"urgent_need": "shifted", "clear_need": "moved", "vague_need": "steady", "decider": "moved"}
    now = [
        {"name": name, "fired": round(2_000 * share), "share": share, "drift": drifts.get(name, "")}
        for name, share in shares.items()
    ]
    sections = list_rules(EVENTS_CARD, EVENTS_TEXT, changes, {"rules": found, "known": 2_000, "now": now})
    rules = {rule.name: (rule.drift, rule.now) for section in sections for rule in section.rules}
    fires = "Fires for {} of 2,000 known leads, in training for 10\u00a0%."
    assert rules["urgent_need"] == ("fires more often now", fires.format("40\u00a0%"))
    assert rules["clear_need"] == ("fires less often now", fires.format("2\u00a0%"))
    assert rules["vague_need"] == ("never fires now", fires.format("0\u00a0%"))
    assert rules["decider"] == ("", "")
    assert rules["budget_set"] == ("", "Fires for 50\u00a0% of 2,000 known leads.")
    assert rules["no_need"] == ("fires differently for newer leads", "")
