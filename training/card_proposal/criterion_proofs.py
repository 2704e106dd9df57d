"""How often a proposed criterion was met by the leads that became one, and by the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.training.card_proposal.answers import confirm_criteria
from leadledger.training.card_proposal.proposal import CardProposal

LEAST_MET = 0.8  # of the leads that became one: what fewer of them meet is a good sign, and no must
FEWEST_KNOWN = 20  # leads that became one whose answer is known; of fewer nobody can tell


@dataclass(frozen=True)
class CriterionProof:
    """What a list says of a criterion, and whether it looks like a must."""

    sentence: str
    is_must: bool


def prove_criteria(proposal: CardProposal, data: Path | str, names: Sequence[str]) -> dict[str, CriterionProof]:
    """The proofs of some proposed criteria, by name.

    Empty where the card has no outcome, the list can't be read as a history, or what that takes isn't installed.
    """
    if proposal.outcome.chosen is None or not names:
        return {}
    try:
        from leadledger.training.history_reader import read_history

        history = read_history(parse_card(confirm_criteria(proposal.text, names, names)), data)
    except (ModuleNotFoundError, DataError):
        return {}
    proofs = {}
    for name in names:
        met = history.criteria[name]
        known = met >= 0
        became, others = met[known & history.became] == 1, met[known & ~history.became] == 1
        if len(became) >= FEWEST_KNOWN and len(others):
            share, share_of_others = float(became.mean()), float(others.mean())
            is_must = share >= LEAST_MET
            sentence = (
                f"met by {share:.0%} of the leads that became one, and by {share_of_others:.0%} of the others, where it"
                f" is known{'' if is_must else ': no must'}"
            )
            proofs[name] = CriterionProof(sentence, is_must)
    return proofs
