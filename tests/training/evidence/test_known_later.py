"""The names under which CRMs write the outcome."""

from __future__ import annotations

from pathlib import Path

import yaml

from leadledger.training.evidence.known_later import bare, known_later


def test_the_list_of_names() -> None:
    """Every name has one reason for each system, and its place in one of the two lists only."""
    data = yaml.safe_load((Path(__file__).parents[3] / "training" / "evidence" / "known_later.yaml").read_text())
    assert {"salesforce", "hubspot", "dynamics", "odoo", "zoho", "pipedrive"} == set(data)
    for system, of in data.items():
        assert set(of) == {"label", "always", "often"}
        every = [bare(name) for key in ("always", "often") for name in of[key]]
        assert len(every) == len(set(every)), system
        assert all(isinstance(why, str) and why for key in ("always", "often") for why in of[key].values())
    assert bare("Converted_Date__c") == bare("ConvertedDate") == bare("converted date") == "converteddate"
    assert {row[0] for row in known_later()["lostreason"]} == {"odoo", "pipedrive"}
