"""Addresses of the desk: views and filters, and the lists that they ask of the book."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.log.lead_lists import LeadFilters
from leadledger.api.pages.desk.list_query import VIEWS, DeskQuery, find_list, list_filters, read_desk_query
from leadledger.api.requests.mistakes import Mistakes
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.scorecard import build_untrained

TODAY = date(2026, 11, 30)
CARD = build_untrained(
    parse_card(
        """
name: crm
fields:
  lead_id: {kind: id}
  company: {kind: text, values: [a, b]}
  stage: {kind: text, values: [contact, qualified_lead]}
  need: {kind: text, values: [none, clear]}
  country: {kind: text, values: [NO, SE]}
  one: {kind: text, values: [alone]}
  source: {kind: text, values: [web_form, fair]}
  owner: {kind: text, learn: no}
rules: [{name: rich, when: need = 'clear', points: 20, reason: Is rich}]
stages: [{name: contact}, {name: qualified_lead, points: 60}]
grades: {A: 65, B: 45}
"""
    )
)
CALLS = {"recommendations": ("promote",), "to_stages": ("qualified_lead",)}


@pytest.mark.parametrize(
    ("address", "filters"),
    [
        ("", {"recommendations": ("promote", "ask", "demote"), "snoozed": False, "rejected": False}),
        ("view=call", {**CALLS, "snoozed": False, "rejected": False}),
        ("view=ask", {"recommendations": ("ask",), "snoozed": False, "rejected": False}),
        ("view=back", {"back_by": "2026-12-07"}),
        ("view=all", {}),
        ("view=new", {**CALLS, "new_since": "2026-11-27"}),
        ("view=waiting", {"recommendations": ("promote",), "waits": True}),
        ("view=leaving", {**CALLS, "keys": ("L7",)}),
        ("view=all&owner=-", {"owner": ""}),
        ("view=all&owner=Ann&grade=A&stage=contact", {"owner": "Ann", "grades": ("A",), "stages": ("contact",)}),
        ("view=all&recommendation=keep&search=larch", {"recommendations": ("keep",), "search": "larch"}),
        ("view=all&field.country=NO&owner=&nonsense=1&limit=200", {"fields": (("country", '"NO"'),)}),
    ],
)
def test_an_address_is_a_list(address: str, filters: dict[str, object]) -> None:
    """Views and filters say which leads are listed; what a form sends empty, or nobody knows, says nothing."""
    mistakes = Mistakes()
    query = read_desk_query(parse_qsl(address, keep_blank_values=True), CARD.card)
    wanted = find_list(query, CARD.card, TODAY, mistakes, ["L7"])
    assert not mistakes
    assert wanted.filters == LeadFilters(**{"today": TODAY.isoformat(), **filters})  # type: ignore[arg-type]
    assert (wanted.limit, wanted.order) == (25, "since" if "waiting" in address else "points")


@given(st.sampled_from(VIEWS), st.dictionaries(st.sampled_from(["owner", "search", "after"]), st.text(min_size=1)))
def test_an_address_that_is_written_is_read_again(view: str, parameters: dict[str, str]) -> None:
    """Whatever a filter holds, the address keeps it."""
    parameters = {name: text.encode(errors="replace").decode() for name, text in parameters.items()}
    query = DeskQuery(view, parameters)  # type: ignore[arg-type]
    _, _, written = query.write().partition("?")
    assert read_desk_query(parse_qsl(written, keep_blank_values=True), CARD.card) == query
    assert "after" not in read_desk_query(parse_qsl(query.write(after=None)[6:]), CARD.card).parameters


@pytest.mark.parametrize(
    ("stages", "action"),
    [
        ("[{name: contact}, {name: lead, points: 60}]", "Call now"),
        ("[{name: contact}, {name: lead, requires: [met]}, {name: sale, points: 60}]", "Call now, or make it a lead"),
        (
            "[{name: x}, {name: y, requires: [met]}, {name: z, requires: [met]}, {name: sale, points: 60}]",
            "Call, or move on",
        ),
        ("[]", "Call now"),
    ],
)
def test_the_filter_says_what_promotions_are(stages: str, action: str) -> None:
    """Leads promoted to a stage that scores don't predict are to be made what they have become."""
    card = parse_card(
        "name: crm\nfields: {lead_id: {kind: id}, need: {kind: text, values: [none, clear]}}\n"
        "criteria: {met: {met: need = 'clear'}}\n"
        "rules: [{name: rich, when: need = 'clear', points: 20, reason: Is rich}]\n"
        f"stages: {stages}\n"
    )
    offered, *_ = list_filters(DeskQuery("all", {}), build_untrained(card), [])
    assert offered.options[0].text == action


def test_filters_offer_what_the_card_knows() -> None:
    """Owners, grades, stages, and two fields of which few texts are known, the country first."""
    query = DeskQuery("act", {"grade": "A", "owner": "-"})
    filters = {item.name: item for item in list_filters(query, CARD, ["Ann", "Bo"])}
    assert list(filters) == ["recommendation", "owner", "grade", "stage", "field.country", "field.need"]
    assert [option.text for option in filters["owner"].options] == ["Ann", "Bo", "Nobody"]
    assert [option.text for option in filters["stage"].options] == ["contact", "qualified lead"]
    assert (filters["grade"].chosen_text, filters["owner"].chosen_text) == ("A", "Nobody")
    without_owners = {item.name: item for item in list_filters(query, CARD, [])}
    assert without_owners["owner"].options == ()
