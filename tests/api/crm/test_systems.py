"""Every CRM states all that the contract asks."""

from __future__ import annotations

import pytest

from leadledger.api.crm.systems import CRMS, recognise
from leadledger.scoring.card.crm_names import SYSTEMS
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES


def test_names() -> None:
    """The CRMs are those whose names a card may use, in the same order; those with an update call are written back."""
    assert tuple(CRMS) == SYSTEMS
    assert {name for name, crm in CRMS.items() if crm.most_updates} == set(DEFAULT_PROPERTIES)


@pytest.mark.parametrize("name", CRMS)
@pytest.mark.parametrize("is_batch", [False, True])
def test_examples_are_recognised(name: str, is_batch: bool) -> None:
    """The example of a body has the marks of its CRM, and no other's."""
    crm = CRMS[name]
    assert recognise(crm.make_example({"email": "a@b.no"}, is_batch)) is crm
    assert crm.title
    assert crm.bodies
    assert bool(crm.updates) == bool(crm.most_updates) == bool(crm.around_updates[0])
