"""A HubSpot score as a card: the same points on random leads, or the difference named by rule."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from leadledger.api.formulas.card_text import ImportedCard, write_card
from leadledger.api.formulas.imported_file import read_formula
from leadledger.api.formulas.parity import Parity, compare_scores
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from tests.api.formulas.hubspot_scores import (
    AS_OF,
    LARGE,
    SCORES,
    SENIOR,
    VISIT,
    draw_lead,
    each,
    make_group,
    make_score,
    match,
    operate,
    when,
)

LEADS = 1000
DOCUMENT = Path(__file__).parents[4] / "shared" / "specs" / "hubspot" / "leadScoring.json"


def import_score(folder: Path, score: Any) -> tuple[ImportedCard, Parity]:
    """The card of a score, and its proof on random leads."""
    path = folder / "score.json"
    path.write_text(json.dumps(score), "utf-8")
    imported_file = read_formula(path)
    imported = write_card(imported_file.formula)
    draw = random.Random(7)
    leads = [draw_lead(draw) for _ in range(LEADS)]
    parity = compare_scores(imported, leads, AS_OF, lambda lead, events: imported_file.score_old(lead, events, AS_OF))
    return imported, parity


@pytest.mark.parametrize("name", SCORES)
def test_the_card_gives_the_points_of_the_score(name: str, tmp_path: Path) -> None:
    """On 1,000 random leads, each rule and the total are the same, and nothing is left out."""
    imported, parity = import_score(tmp_path, SCORES[name])
    assert parity == Parity(LEADS, LEADS, 0, ())
    assert imported.untranslated == ()


@pytest.mark.skipif(not DOCUMENT.exists(), reason="HubSpot's description of its API is not included")
@pytest.mark.parametrize("name", SCORES)
def test_the_scores_are_valid_by_the_document(name: str) -> None:
    """What these tests import is what HubSpot says that its API returns."""
    document = json.loads(DOCUMENT.read_text("utf-8"))
    reference = {"$ref": "#/components/schemas/PublicScoreConfiguration", "components": document["components"]}
    errors = [error.message for error in Draft202012Validator(reference).iter_errors(SCORES[name])]
    assert errors == []


def test_decay_in_steps_is_a_difference_of_its_rule(tmp_path: Path) -> None:
    """Half of the points after each interval fade day by day in the card; the head says so, and the proof where."""
    decay = {"decayIntervalDays": 30, "percentToDecayPerInterval": 50}
    imported, parity = import_score(tmp_path, make_score("Fading", make_group("Web", each(VISIT, 8), groupDecay=decay)))
    assert "half_life: 30 days" in imported.text
    assert [part.path for part in imported.untranslated] == ["$.groupConfigs[0].groupDecay"]
    (difference,) = parity.differences
    assert difference.path.endswith("ruleConfigurations[0].configuration.calculation.eventCalculators[0]")
    assert difference.leads == LEADS - parity.same > 0


LEFT_OUT: dict[str, tuple[dict[str, Any], str]] = {
    "constant": ({"type": "CONSTANT", "value": 5}, "every record earns it, so it changes no order"),
    "segment": ({"type": "SEGMENT_MEMBERSHIP"}, "a card doesn't know HubSpot's segments; write their conditions"),
    "associations": ({"type": "ASSOCIATIONS"}, "a card knows one record, and none that is associated with it"),
    "unknown": ({"type": "MAGIC"}, "the calculation 'MAGIC' is not known"),
    "operator": (when(1, a=operate("STRING", "SOUNDS_LIKE", value="x")), "the operator 'SOUNDS_LIKE' of STRING is not"),
    "operation": (
        when(1, a=operate("CALENDAR_DATE", "IS", timeUnit="DAY")),
        "operation type 'CALENDAR_DATE' is not",
    ),
    "type": (when(1, a=operate("NUMBER", "IS_EQUAL_TO", value="x")), "value: it is 'x', and must be a number"),
    "list": (match("a", (operate("ENUMERATION", "IS_ANY_OF", values={}), 1)), "values: it is an object, and must be a"),
    "day": (when(1, a=operate("DATE", "IS_BEFORE", year=2025, month="MAY", day=32)), "year, month and day are no date"),
    "kind": (
        when(1, jobtitle=operate("NUMBER", "IS_EQUAL_TO", value=1)),
        "'jobtitle' is a text in an earlier rule",
    ),
    "event": (each("a\u202e\nb", 3), "a name or value in it holds a sign"),
    "injection": (when(1, a=operate("STRING", "CONTAINS", value="x\nrules: []")), "a name or value in it holds a sign"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_rule_that_cannot_be_translated_is_named(name: str, tmp_path: Path) -> None:
    """It stands in the card's head with its path and the reason; the other rules are there."""
    calculation, reason = LEFT_OUT[name]
    imported, parity = import_score(tmp_path, make_score("S", make_group("G", SENIOR, calculation)))
    (part,) = imported.untranslated
    assert part.path.startswith("$.groupConfigs[0].ruleConfigurations[1]")
    assert reason in part.reason
    assert len(parse_card(imported.text).rules) == 1
    assert f"# - {part.path}" in imported.text
    assert parity.leads == LEADS
    assert all(difference.rule == "" for difference in parity.differences)


def test_what_no_card_holds_is_named(tmp_path: Path) -> None:
    """Limits of the total, filters, switched-off rules: each with its path."""
    score = make_score("S", make_group("G", SENIOR, LARGE, maxValue=-1), maxScore=100, filterConfiguration={})
    score["groupConfigs"][0]["ruleConfigurations"][1]["enabled"] = False
    imported, _ = import_score(tmp_path, score)
    assert [part.path for part in imported.untranslated] == [
        "$.filterConfiguration",
        "$.maxScore",
        "$.groupConfigs[0].maxValue",
        "$.groupConfigs[0].ruleConfigurations[1]",
    ]


REFUSED = {
    "no JSON": (b"{", "is not JSON"),
    "no score": (b'{"a": 1}', "this JSON is not known; a score of HubSpot"),
    "deep": (b'{"groupConfigs":' + b"[" * 100_000, "is nested more than 32 levels deep"),
    "no name": (b'{"groupConfigs": []}', "$.name: it is missing, and must be a text"),
    "no list": (b'{"name": "x", "groupConfigs": 7}', "$.groupConfigs: it is 7, and must be a list"),
    "twice": (
        b'{"groupConfigs": [{"maxValue": 1, "maxValue": 2}]}',
        "$.groupConfigs[0].maxValue: is given more than once; send it once",
    ),
    "no group": (b'{"name": "x", "groupConfigs": [3]}', "$.groupConfigs[0]: it is 3, and must be an object"),
    "no rules": (b'{"name": "x", "groupConfigs": []}', "nothing in it can be translated to a rule"),
    "no number": (b'{"name": "x", "groupConfigs": [], "maxScore": "9"}', "$.maxScore: it is '9', and must be a number"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_score_is_refused(name: str, tmp_path: Path) -> None:
    """The error names the file, the path in it, what is there and what must be."""
    content, message = REFUSED[name]
    path = tmp_path / "score.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        write_card(read_formula(path).formula)
    assert str(caught.value).startswith(f"{path}: ") or str(caught.value).startswith("score.json: ")
    assert message in str(caught.value)
