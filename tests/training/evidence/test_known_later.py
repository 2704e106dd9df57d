"""The names under which CRMs write the outcome, or what sales do while they work on a lead."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from leadledger.scoring.card.reader import parse_card
from leadledger.training.evidence.known_later import WEIGHTS, LateName, bare, known_later, written_later


def test_the_list_of_names() -> None:
    """Every name has one reason for each system, and its place in one of the lists only."""
    data = yaml.safe_load((Path(__file__).parents[3] / "training" / "evidence" / "known_later.yaml").read_text())
    systems = {"salesforce", "hubspot", "dynamics", "odoo", "bottlecrm", "zoho", "pipedrive", "leadsquared", "practice"}
    assert systems == set(data)
    for system, of in data.items():
        assert {"label", "always", "often"} <= set(of) <= {"label", *WEIGHTS, "patterns", "strong_patterns"}
        every = [bare(name) for key in WEIGHTS for name in of.get(key, {})]
        assert len(every) == len(set(every)), system
        assert all(isinstance(why, str) and why for key in WEIGHTS for why in of.get(key, {}).values())
    assert bare("Converted_Date__c") == bare("ConvertedDate") == bare("converted date") == "converteddate"
    assert {known.system for known in known_later()["lostreason"]} == {"odoo", "pipedrive"}


def late(column: str, strong: bool = False, proved: bool = False, from_: str = "") -> LateName | None:
    """What is known of a field that has this column."""
    source = f"{{{from_}: {column}}}" if from_ else f"[{column}]"
    card = parse_card(f"name: a\nfields: {{a_field: {{kind: number, from: {source}}}}}\n")
    return written_later(card, card.fields["a_field"], strong, proved)


@pytest.mark.parametrize(
    "column",
    [
        "Lead Quality",
        "lead_profile",
        "Last Notable Activity",
        "days_in_stage",
        "DaysInCurrentStage__c",
        "Elapsed Days In Sales Stage",
        "hs_time_in_lead_stage",
        "Stage Duration",
        "Total Days Identified Through Closing",
        "NumberOfFollowups",
        "done_activities_count",
    ],
)
def test_what_sales_fill_in(column: str) -> None:
    """Vendors' names and those of common lists are suspect whatever their values."""
    name = late(column)
    assert name is not None
    assert name.kind == "worked"


@pytest.mark.parametrize(
    "column",
    ["time_spent_on_website", "days_since_status", "Lead Source", "last_activity", "budget_in_hand", "age", "quality"],
)
def test_honest_names(column: str) -> None:
    """What is known when the lead comes is no suspect, strong or proved."""
    assert late(column, strong=True, proved=True) is None


def test_everyday_words_need_a_proof() -> None:
    """An amount is a suspect where the card takes it from that CRM, or with a proof; that it is strong is no reason."""
    assert late("amount", strong=True) is None
    assert late("amount", proved=True) is not None
    assert late("Amount", from_="salesforce") == LateName(
        "name", "in Salesforce, Amount is the amount of the opportunity that the lead became"
    )


def test_what_sales_think() -> None:
    """A judgement by another name is a suspect where it tells much of the outcome."""
    assert late("prospect_temperature_now") is None
    assert late("prospect_temperature_now", strong=True) == LateName(
        "worked",
        "by its name, 'prospect_temperature_now' is what sales think of the lead while they work on it",
    )
