"""Reading raw leads: all values at once and name by name come to the same."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.cleaning import Lead
from leadledger.scoring.engine.lead_reader import LONGEST_LAYOUT, MOST_LAYOUTS, LeadReader
from leadledger.scoring.errors import LeadError
from leadledger.scoring.known_results import MOST_REMEMBERED
from leadledger.scoring.scorecard import build_untrained
from tests.awkward_leads import CARD, SPELLINGS, VALUES

SCORECARD = build_untrained(parse_card(CARD))
READER = LeadReader(SCORECARD)
NAMES = st.builds(
    lambda respell, name: respell(name), st.sampled_from(SPELLINGS), st.sampled_from([*VALUES, "lead_id", "other", ""])
)
OTHER_VALUES: list[Any] = [
    *(None, True, False, 0, 1, 1.0, 0.0, 12, 2.5, float("nan"), float("inf"), Decimal(1), Decimal("sNaN")),
    *(date(2026, 6, 30), ["crm"], ("x", "y"), {"crm"}, [], {}, np.float64(12), np.str_("12"), np.array([1, 2])),
]
RAW_VALUES = st.sampled_from([*dict.fromkeys(text for texts in VALUES.values() for text in texts), "L1", "x" * 200])


def read(reader: LeadReader, lead: Mapping[Any, Any]) -> Lead | list[tuple[str, str, str, str]]:
    """A lead after cleaning, or its problems."""
    try:
        return reader.clean(lead)
    except LeadError as error:
        return [(bad.field, bad.column, repr(bad.value), bad.reason) for bad in error.problems]


def make_full_reader() -> LeadReader:
    """A reader that knows so many layouts that it reads further leads name by name."""
    reader = LeadReader(SCORECARD)
    for i in range(MOST_LAYOUTS):
        reader.clean({f"other_{i}": ""})
    return reader


BY_NAME = make_full_reader()


@given(st.dictionaries(NAMES, RAW_VALUES | st.sampled_from(OTHER_VALUES), max_size=8))
def test_values_at_once_and_name_by_name_are_the_same(lead: dict[str, Any]) -> None:
    """A lead comes to the same values, ignored names and problems, whichever way it is read, and when read again."""
    expected = read(BY_NAME, lead)
    assert read(READER, lead) == expected
    assert read(READER, lead) == expected


class Stage(str, enum.Enum):  # noqa: UP042  # a StrEnum is another type
    """A text of another type."""

    OPEN = "12"


@pytest.mark.parametrize("text", [Stage.OPEN, np.str_("12")], ids=["enum", "numpy"])
@pytest.mark.parametrize("name", ["budget", "country", "lead_id"])
def test_texts_of_other_types_are_texts(name: str, text: str) -> None:
    """A text of another type is read as the text that it is, whether that has been read before or not."""
    before = LeadReader(SCORECARD).clean({name: text}).values[name]
    reader = LeadReader(SCORECARD)
    assert reader.clean({name: "12"}).values[name] == before == reader.clean({name: text}).values[name]
    assert type(before) in (float, str)


def test_names_that_are_no_texts_are_ignored() -> None:
    """A name of another type belongs to no field, whether or not it is equal to one."""
    lead: dict[Any, Any] = {1: "x", "budget": "5", None: 2}
    for _ in range(2):
        assert READER.clean(lead).ignored == ("1", "None")


def test_layouts_are_bounded() -> None:
    """Neither many nor long names of leads fill the memory; such leads are read all the same."""
    reader = make_full_reader()
    assert len(reader._layouts) == MOST_LAYOUTS
    assert reader.clean({"budget": "5", "more": 1}) == READER.clean({"budget": "5", "more": 1})
    assert len(reader._layouts) == MOST_LAYOUTS
    reader = LeadReader(SCORECARD)
    assert reader.clean({"budget": "5", "x" * LONGEST_LAYOUT: 1}).values["budget"] == 5
    assert not reader._layouts


def test_values_are_bounded() -> None:
    """Of a field so many texts are kept, and none of an id."""
    reader = LeadReader(SCORECARD)
    for i in range(MOST_REMEMBERED + 10):
        assert reader.clean({"country": f"Land {i}", "lead_id": f"L{i}"}).values["country"] == f"Land {i}"
    assert len(reader._cleaners["country"].values) <= MOST_REMEMBERED
    assert len(reader._cleaners["lead_id"].values) <= 1


def test_problems_have_paths() -> None:
    """Every value that can't be read is named, with where it stands."""
    with pytest.raises(LeadError) as caught:
        READER.clean({"budget": "many", "demo": "maybe", "country": "NO"}, "$.leads[3]")
    assert [problem.path for problem in caught.value.problems] == ["$.leads[3].budget", "$.leads[3].demo"]
