"""An edited card with what a release has learned: what is carried, what isn't, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from leadledger.models.releases import edited_rules
from leadledger.models.releases.edited_rules import carry_learning, has_learned, publish_edited
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import NumberBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import ReleaseError, ReleaseOvertaken
from leadledger.scoring.gate import SET_BY_CARD, Threshold
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained
from leadledger.training.learn import known_leads
from leadledger.training.learn.known_leads import KnownLeads, read_known_leads

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CARD = """\
name: small
fields:
  size: {kind: number}
  visits: {kind: number}
rules:
  - {name: large, when: size > 100, points: 8, reason: Large}
stages: [{name: lead}, {name: opportunity, points: 60}]
"""
EDITED = CARD.replace("points: 8", "points: 9")
TABLE = Table("visits", NumberBins((3.0,)), (0, -20, 60), (5, 5, 5))
LEARNED = Learned(base_rate=0.2, trust=0.5, terms=(TABLE,))


def publish(home: Path, learned: Learned = LEARNED, **more: bytes) -> Scorecard:
    """The release that is edited."""
    files = {f"{name}.json": content for name, content in more.items()}
    Releases(home).publish(CARD, learned, metrics={}, provenance={}, created=NOW, files=files)
    return Releases(home).open()


def test_known_leads_stay_known(tmp_path: Path) -> None:
    """The leads that were learned from are known, and what models made of them by the former rules is forgotten."""
    assert edited_rules.KNOWN_LEADS == known_leads.KNOWN_LEADS
    assert edited_rules.NOT_JUDGED == known_leads.NOT_JUDGED
    digests = np.array([1, 5, 900], np.uint64)
    known = KnownLeads(digests, np.array([500, 612, -3], np.int16), 12, NOW.date())
    base = publish(tmp_path, known_leads=known.to_bytes())
    name = publish_edited(Releases(tmp_path), EDITED, base, by="Lena", note="n", created=NOW)
    kept = read_known_leads(Releases(tmp_path).read(name, known_leads.KNOWN_LEADS))
    assert (kept.digests.tolist(), kept.bits, kept.until) == (digests.tolist(), 12, NOW.date())
    assert kept.totals.tolist() == [known_leads.NOT_JUDGED] * 3


@pytest.mark.parametrize(
    ("promise", "expected"), [(f"{SET_BY_CARD}: few leads", 650), ("at least 70% become one", 600), ("", 600)]
)
def test_a_threshold_by_hand_is_that_of_the_edited_card(tmp_path: Path, promise: str, expected: int) -> None:
    """A threshold that training took over from the card follows the card; one that it found stays, and is noted."""
    base = publish(tmp_path, replace(LEARNED, thresholds={"opportunity": Threshold(600, promise=promise)}))
    carried = carry_learning(base, parse_card(CARD.replace("points: 60}", "points: 65}")))
    gate = carried.scorecard.gates["lead"]
    assert gate is not None
    assert gate.threshold.points == expected
    was = carried.before.gates["lead"]
    assert was is not None
    assert was.threshold.points == 600
    assert bool(carried.notes) is (expected == 600)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    """A field that a table reads can't go, nor become another kind; each is named with what helps."""
    base = publish(tmp_path)
    for edit in (("  visits: {kind: number}\n", ""), ("visits: {kind: number}", "visits: {kind: text}")):
        with pytest.raises(
            ReleaseError, match=r"the term 'visits' .*\nRelease 2026-01-01-001 scores by it\. Put it back"
        ):
            carry_learning(base, parse_card(CARD.replace(*edit)))


def test_rules_alone_have_learned_nothing() -> None:
    """Where nothing was learned, the edited card's own rate and trust count."""
    base = build_untrained(parse_card(f"{CARD}base_rate: 0.1\ntrust: 0.7\n"))
    assert not has_learned(base)
    assert has_learned(replace(base, learned=replace(base.learned, base_rate=0.11)))
    carried = carry_learning(base, parse_card(f"{CARD}base_rate: 0.3\n"))
    assert (carried.scorecard.learned.base_rate, carried.scorecard.learned.trust, carried.notes) == (0.3, 1.0, ())


def test_the_slower_publisher_is_refused(tmp_path: Path) -> None:
    """Where another release has become the current one, nothing is published after the one before."""
    base = publish(tmp_path)
    publish(tmp_path)
    with pytest.raises(ReleaseOvertaken, match="2026-01-01-002 has become the current one, in place of 2026-01-01-001"):
        publish_edited(Releases(tmp_path), EDITED, base, by="", note="n", created=NOW)
    assert len(Releases(tmp_path).names()) == 2
