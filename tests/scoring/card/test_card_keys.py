"""The keys of a card: a card that uses every one is read into what it says."""

from __future__ import annotations

from datetime import date

import yaml

from leadledger.scoring.axis import Axis, AxisDemand
from leadledger.scoring.card.card_keys import KEYS
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.decay import HalfLife
from leadledger.scoring.engine.cases import find_failures
from leadledger.scoring.event_value import EventValue
from leadledger.scoring.fairness import Fairness
from leadledger.scoring.gate import Capacity, CoolDown, DealValue, Hold
from leadledger.scoring.memory import MEMORY_KINDS
from leadledger.scoring.number_forms import NumberFormat
from leadledger.scoring.rule import EachRule, Group
from leadledger.scoring.transition import Transition
from tests.scoring.card.card_examples import GOOD


def used(node: object, part: str) -> set[tuple[str, str]]:
    """The keys that a card uses, each with its part."""
    below = {("card", "outcome"): "outcome", ("outcome", "became"): "became", ("stage", "probability"): "probability"}
    below |= {
        ("card", "fairness"): "fairness",
        ("case", "expect"): "expect",
        ("stage", "value"): "value",
        ("stage", "explore"): "explore",
        ("card", "write_back"): "write_back",
        ("card", "axes"): "axes",
        ("axes", "fit"): "axis",
        ("axes", "engagement"): "axis",
    }
    below |= {("stage", "hold"): "hold", ("stage", "cool_down"): "cool_down"}
    below |= dict.fromkeys((("write_back", system) for system in KEYS["write_back"]), "written")
    many = {"fields": "field", "criteria": "criterion", "groups": "group", "rules": "rule", "exclude": "exclusion"}
    many |= {"stages": "stage", "cases": "case", "steps": "step", "events": "event"}
    inner = {("event", "fields"): "property", ("case", "events"): "case_event"}
    keys = set()
    for key, value in node.items() if isinstance(node, dict) else []:
        keys.add((part, key))
        if (part, key) in below:
            keys |= used(value, below[part, key])
        elif (part == "card" and key in many) or (part, key) in inner:
            for item in value.values() if isinstance(value, dict) else value:
                of = inner.get((part, key)) or many[key]
                keys |= used(item, "each_rule" if of == "rule" and "each" in item else of)
    return keys


# The outcome's words, which exclude its kind.
OF_WORDS = """
name: words
fields: {budget: {kind: number}, met: {kind: date}, land: {kind: text}, town: {kind: text, parent: land}}
outcome:
  became: {field: stage, is: [Closed Won, Live], lost: Closed Lost, day: closed}
  since: met
  within: 90 days
  order: budget
"""


def test_every_key_is_read() -> None:
    """The card that uses every key is read into what it says."""
    keys = used(yaml.safe_load(GOOD), "card") | used(yaml.safe_load(OF_WORDS), "card")
    assert keys == {(part, key) for part, keys in KEYS.items() for key in keys}
    outcome = parse_card(OF_WORDS).outcome
    assert outcome is not None
    assert (outcome.kind, outcome.won, outcome.lost) == ("words", ("Closed Won", "Live"), ("Closed Lost",))
    assert outcome.order == "budget"
    assert parse_card(OF_WORDS).fields["town"].parent == "land"
    assert not parse_card(OF_WORDS).fields["budget"].learn
    assert (outcome.columns, outcome.since, outcome.within) == (("stage", "closed"), "met", 90)
    card = parse_card(GOOD)
    assert card.missing == ("", "n/a", "null")
    assert card.outcome is not None
    assert card.outcome.landmarks == (0, 14)
    assert card.fields["country"].values == ("NO", "SE", "012", "12:30:00", "null")
    assert card.fields["created"].sources == (
        ("salesforce", "CreatedDate"),
        ("hubspot", "createdate"),
        ("hubspot", "created_at"),
    )
    assert card.time_zone == card.fields["created"].time_zone == "Europe/Oslo"
    assert (card.fields["created"].day_format, card.fields["created"].missing) == ("31.12.2026", (date(1900, 1, 1),))
    assert card.fields["lead_id"].columns == ("lead_id", "Id")
    assert card.fields["budget"].missing == (999.0,)
    assert card.fields["budget"].number_format == NumberFormat(",", "€", sample="€1.234,56")
    learned = ["country", "interests", "budget", "newsletter", "price_visits", "rich"]
    assert [field.name for field in card.fields.values() if field.learn] == learned
    assert [field.name for field in card.fields.values() if field.known_when_scored] == ["newsletter"]
    assert card.groups == (Group("engagement", 200, -75, axis="engagement"), Group("size", best_of=True, axis="fit"))
    reads, rich, nordic, young = card.rules
    assert (reads.points, rich.points, nordic.points) == (125, -30, 40)
    assert (reads.half_life, reads.since, reads.group) == (HalfLife(14, "created"), date(2025, 3, 1), "engagement")
    assert reads.why == "the newsletter team is sure of it"
    assert rich.reason == 'Has more than it needs: "rich"'
    assert nordic.when.text == "country in ('NO', 'SE') or country = '012'"
    visit, price_visit = card.events.values()
    assert visit.names == (("segment", "page"), ("hubspot", "e_visited_page"), ("hubspot", "e_page"))
    assert (visit.root, visit.when, visit.spots_scanners, visit.tracked_since) == ("visit", None, False, "created")
    assert visit.known_when_scored
    assert visit.machine is not None
    assert visit.machine.text == "starts_with(path, '/robots')"
    assert list(visit.properties) == ["path", "area", "topics", "seconds"]
    assert visit.properties["area"].columns == ("area", "section")
    assert price_visit.when is not None
    assert (price_visit.root, price_visit.when.text) == ("visit", "contains(path, '/pricing')")
    assert (price_visit.once_per, price_visit.per_day) == ("area", 3)
    assert [field.event_value for field in card.event_fields] == [
        EventValue("count", "price_visit", window=14),
        EventValue("sum", "visit", "seconds", 30),
        EventValue("last", "visit"),
    ]
    since = date(2025, 3, 1)
    assert card.each_rules == (
        EachRule(
            *("reads_prices", "price_visit", 30, "Reads the prices", "sales says so", since),
            half_life=14,
            per_day=60,
            group="engagement",
            axis="engagement",
        ),
        EachRule("visits", "visit", 5, "Visits the site", within=7, axis="engagement"),
    )
    assert (card.protected, card.fairness) == (("gender", "age"), Fairness(0.8, 0.1, 0.05))
    assert [name for name, field in card.fields.items() if field.protected] == ["gender", "age", "minor"]
    assert young.uses_protected == "a grant for the young, until 2027"
    assert [item.uses_protected for item in card.criteria] == ["", "", "the law asks for it"]
    assert [item.uses_protected for item in card.exclude] == ["no sale to minors", ""]
    assert card.outcome is not None
    assert (card.outcome.column, card.outcome.within, card.outcome.minimum) == ("opportunity_date", 90, 200)
    assert [criterion.name for criterion in card.criteria if not criterion.essential] == ["reads", "of_age"]
    assert (card.stages[1].points, card.stages[2].precision) == (400, 0.7)
    assert card.axes == {
        "fit": Axis((("A", 50), ("B", 0)), "C"),
        "engagement": Axis((("1", 60), ("2", 25)), "3", unknown=0.3),
    }
    of_fit = [name for name, field in card.fields.items() if field.axis == "fit"]
    assert [name for name in card.fields if name not in of_fit] == ["price_visits", "reading", "last_visit"]
    assert [rule.axis for rule in card.rules] == ["engagement", "fit", "fit", "fit"]
    assert card.stages[1].demands == (AxisDemand("fit", "B", 0),)
    assert card.stages[4].demands == (AxisDemand("engagement", "2", 25),)
    assert (card.stages[3].capacity, card.stages[5].value) == (Capacity(40, "week"), DealValue(9000, 120))
    assert (card.stages[2].hold, card.stages[3].cool_down) == (Hold(80, 14), CoolDown(30, "last_visit"))
    assert list(card.fields)[-5:] == list(MEMORY_KINDS)
    assert card.write_back["hubspot"]["score"] == "lead_score"
    assert list(card.write_back) == ["hubspot", "salesforce", "dynamics", "odoo", "bottlecrm"]
    assert (card.grades, card.below) == ((("A", 650), ("B", 500), ("C", 350)), "D")
    assert card.cases[0].lead == {"Id": "1", "country": "no", "budget": "200000", "stage": "contact"}
    assert (card.readable, parse_card(OF_WORDS).readable) == ("pairs", "all")
    assert (card.segment, parse_card(OF_WORDS).segment) == ("country", "")
    assert card.steps == (Transition("lead", "lead_on", 60), Transition("customer", "won_on", 180))
    assert (card.amount, card.outcome_columns) == ("budget", ("opportunity_date", "lead_on", "won_on"))
    assert find_failures(card) == ()
