"""The leads that a release knows: told by id or values, in any order, and not readable in its file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.lead_ids import list_spellings
from leadledger.training.examined_rows import Counts
from leadledger.training.history import History
from leadledger.training.learn.known_leads import NO_LEADS, digest_leads, keep_leads, read_known_leads
from leadledger.training.learn.split import places_by_digest
from leadledger.training.sources.table import LeadTable

LEADS = 2000
RANDOM = np.random.default_rng(4)


def history(order: np.ndarray | None = None, ids: bool = True, extra: bool = False) -> History:
    """Leads with two fields, in an order of their rows; without ids, or with a column that has no values."""
    at = np.arange(LEADS) if order is None else order
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"size": random.normal(size=LEADS), "need": random.choice(["a", "b"], LEADS).astype(object)})
    frame.loc[::7, "size"] = np.nan
    texts = np.array([f"lead-{number}@example.com" for number in range(LEADS)], dtype=object)
    if extra:
        frame["empty"] = np.nan
    return History(
        source=LeadTable("history", {}, LEADS),
        rows=at,
        frame=frame.iloc[at].reset_index(drop=True),
        won=(np.arange(LEADS) % 4 == 0)[at],
        days=None,
        rules=np.zeros(LEADS, np.int64),
        criteria={},
        excluded=np.zeros(LEADS, bool),
        counts=Counts(),
        as_of=None,
        ids={"email": texts[at]} if ids else {},
    )


@pytest.mark.parametrize("ids", [True, False])
def test_leads_are_told_in_any_order_of_the_rows(ids: bool) -> None:
    """Each has the digest that it had, by its id or its values; a column without values changes nothing."""
    order = RANDOM.permutation(LEADS)
    digests = digest_leads(history(ids=ids))
    assert len(np.unique(digests)) > (LEADS - 1 if ids else LEADS * 0.85)  # two fields can't tell all leads apart
    assert (digest_leads(history(order, ids, extra=True)) == digests[order]).all()


def test_both_spellings_of_an_id_are_one_lead() -> None:
    """Of Salesforce, with 15 signs and with 18, with or without spaces around them."""
    short, long = list_spellings("0035g00000ABCde")
    digests = [
        digest_leads(replace(history(), ids={"id": np.array([text] * LEADS, dtype=object)}))[0]
        for text in (short, f" {long} ", long[:-1])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_release_knows_its_leads_and_hardly_any_other() -> None:
    """Those that it learned from are known, with the totals that were kept; of new ones about one in a thousand is."""
    leads = history()
    digests = digest_leads(leads)
    totals = np.where(np.arange(LEADS) % 2 == 0, 512.4, np.nan)
    known = read_known_leads(keep_leads(leads, digests, totals).to_bytes())
    is_known, kept = known.look_up(digests)
    assert is_known.all()
    assert (kept[::2] == 512).mean() > 0.99
    assert np.isnan(kept[1::2]).mean() > 0.99
    others = np.random.default_rng(0).integers(0, 2**64, 50_000, dtype=np.uint64)
    assert known.look_up(others)[0].mean() < 0.002
    assert not NO_LEADS.look_up(others)[0].any()


def test_no_id_can_be_read_in_the_file() -> None:
    """It has numbers only, shorter than what would tell the ids apart from all others."""
    leads = history()
    content = keep_leads(leads, digest_leads(leads), np.full(LEADS, np.nan)).to_bytes()
    assert b"example" not in content
    record = json.loads(content)
    assert record["bits"] == 21
    assert len(content) < LEADS * 9
    assert sorted(record) == ["bits", "digests", "format", "leads", "totals", "until"]


def test_the_day_of_the_newest_lead_is_kept() -> None:
    """By it a lead that has no id, and other values now, is known all the same."""
    dated = replace(history(), days=np.arange(LEADS) + 18_000)
    known = keep_leads(dated, digest_leads(dated), np.zeros(LEADS))
    assert read_known_leads(known.to_bytes()).until == date(2024, 10, 3)


def test_another_format_is_refused() -> None:
    """A file of a later version is not guessed at."""
    content = keep_leads(history(), digest_leads(history()), np.zeros(LEADS)).to_bytes()
    with pytest.raises(ReleaseError) as caught:
        read_known_leads(content.replace(b'"format": 1', b'"format": 2'))
    assert str(caught.value) == ("known_leads.json can't be read: it has format 2, and this version reads format 1")


def test_parts_know_neither_seed_nor_order() -> None:
    """The held-out quarter holds the same leads in any order of the rows, and a quarter of either outcome."""
    leads, order = history(), RANDOM.permutation(LEADS)
    held = places_by_digest(leads.won, digest_leads(leads)) < 0.25
    shuffled = history(order)
    assert ((places_by_digest(shuffled.won, digest_leads(shuffled)) < 0.25) == held[order]).all()
    assert held[leads.won].sum() == leads.won.sum() / 4
    assert held.sum() == LEADS / 4


def test_equal_leads_are_dealt_out() -> None:
    """Where many leads have the same values and no ids, each part has its share of every kind and outcome."""
    kinds = RANDOM.integers(0, 4, 4000)
    won = RANDOM.random(4000) < 0.2 + 0.15 * kinds
    digests = np.array([3, 2**40, 2**63, 2**64 - 1], np.uint64)[kinds]
    parts = np.floor(places_by_digest(won, digests) * 4)
    shares = [np.mean(parts[(kinds == kind) & (won == outcome)] == 0) for kind in range(4) for outcome in (False, True)]
    assert min(shares) > 0.15
    assert max(shares) < 0.35
