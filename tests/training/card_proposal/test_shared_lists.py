"""Cards for real lists, and for exports of CRMs, that are kept outside of this repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.training.card_proposal.proposal import propose_card

SHARED = Path(__file__).parents[4] / "shared"
OLIST = "olist_funnel"


@dataclass(frozen=True)
class SharedList:
    """A list, with the column of its outcome and those that its card must not learn from."""

    path: str
    outcome: str
    not_learned: frozenset[str] = frozenset()
    since: str = ""


LISTS = [
    SharedList("data/extraalearn/ExtraaLearn.csv", "status", frozenset({"last_activity"})),
    SharedList("data/bank_marketing/bank-additional-full.csv", "y", frozenset({"duration"})),
    SharedList("data/online_shoppers/online_shoppers_intention.csv", "Revenue", frozenset({"page_values"})),
    SharedList(f"data/{OLIST}", "won_date", since="first_contact_date"),
]
EXPORTS = ["06-salesforce-report-footer/leads.csv", "07-hubspot-export/leads.csv", "09-dynamics-excel/leads.xlsx"]


def join_olist(folder: Path, path: Path) -> Path:
    """The leads of Olist with the day of their deal, from two files."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT leads.*, won_date FROM '{folder}/olist_marketing_qualified_leads_dataset.csv' leads"
            f" LEFT JOIN '{folder}/olist_closed_deals_dataset.csv' USING (mql_id)) TO '{path}'"
        )
    return path


@pytest.mark.slow
@pytest.mark.parametrize("shared", LISTS, ids=lambda shared: shared.path)
def test_a_card_for_a_real_list(shared: SharedList, tmp_path: Path) -> None:
    """The outcome is found, and what people who know the data leave out of training is left out."""
    path = SHARED / shared.path
    if not path.exists():
        pytest.skip("the data is kept outside of this repository")
    if path.is_dir():
        path = join_olist(path, tmp_path / "olist.csv")
    proposal = propose_card(path)
    card = parse_card(proposal.text)
    assert card.outcome is not None
    assert (card.outcome.column, card.outcome.since) == (shared.outcome, shared.since)
    left_out = {name for name, field in card.fields.items() if not field.learn and field.kind not in ("id", "date")}
    assert left_out - set(card.protected) == shared.not_learned
    assert card.base_rate is not None


@pytest.mark.parametrize("export", EXPORTS)
def test_a_card_for_an_export_of_a_crm(export: str) -> None:
    """Standard names are found, the id among them, and the card says that there is no outcome yet."""
    path = SHARED / "cases" / export
    if not path.exists():
        pytest.skip("the cases are kept outside of this repository")
    proposal = propose_card(path)
    card = parse_card(proposal.text)
    assert card.fields["lead_id"].kind == "id"
    assert {"created", "employees", "need"} <= set(card.fields)
    assert card.outcome is None
    assert any(decision.startswith("no column says what became of the leads") for decision in proposal.decisions)
