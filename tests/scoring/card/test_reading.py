"""One reading of a card: a name that can't be read is reported once, and hides no other mistake."""

from __future__ import annotations

import pytest

from leadledger.scoring.card.reader import parse_card
from tests.scoring.card.card_examples import FIELDS, problems

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
        "4:18: `kind` of field 'budget' is 'money', which is not one of: number, text, flag, date, id, choices",
        "9:23: rule 'two': unknown field 'nede'. Did you mean 'need'?",
    ]
