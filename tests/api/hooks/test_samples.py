"""Samples of messages are of the card that is served, and stay small."""

from __future__ import annotations

from pathlib import Path

import pytest

import leadledger
from leadledger.api.hooks.samples import make_samples
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.scorecard import build_untrained

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", [*ROOT.glob("examples/*/card.yaml"), ROOT / "tests" / "cases" / "every_key.yaml"])
def test_samples_of_cards(path: Path) -> None:
    """There is a sample of each kind for any card, and its entries add up."""
    samples = make_samples(get_engine(leadledger.load(path)))
    assert [sample["type"] for sample in samples] == list(MESSAGE_KINDS)
    for sample in samples[:5]:
        data = sample["data"]
        assert data["moved_known"]
        moved = sum(round(move["moved"] * 10) for move in data["moved"]) + round(data["left_out_points"] * 10)
        assert moved == round(data["points"] * 10) - round(data["before"]["points"] * 10)


def test_samples_without_cases() -> None:
    """A card without cases has samples about an empty lead."""
    samples = make_samples(get_engine(build_untrained(parse_card("name: a\nfields: {b: {kind: text}}\n"))))
    assert samples[0]["data"]["lead"] == "L-1042"
