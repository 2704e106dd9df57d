"""`python -m leadledger.api.uploads.proposal_process`: propose a card for a list, in a process of its own.

The list comes from somebody's disk and may be anything; reading it takes memory, time, and libraries that the service
doesn't load. Prints JSON: a proposal, or `{"refused": …}`.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from leadledger.scoring.errors import ScoringError


def propose(path: Path, outcome: str) -> dict[str, Any]:
    """The proposal for a list as JSON, or why there is none."""
    from leadledger.training.card_proposal.criterion_proofs import prove_criteria
    from leadledger.training.card_proposal.decisions import list_decisions
    from leadledger.training.card_proposal.proposal import propose_card

    os.chdir(path.parent)  # messages name the file without its folder, which is nobody's business
    try:
        proposal = propose_card(path.name, outcome_column=outcome)
    except ScoringError as error:
        return {"refused": str(error)}
    decisions = list_decisions(proposal)
    proofs = prove_criteria(proposal, path.name, [criterion.name for criterion in decisions.criteria])
    columns = [
        {
            "column": field.column,
            "field": field.name,
            "kind": field.kind,
            "learned": field.learn and field.is_used,
            "protected": field.protected,
            "is_open": field.is_open,
            "seen": field.comment or field.decision,
        }
        for field in proposal.fields
    ]
    return {
        "name": proposal.name,
        "file": path.name,
        "text": proposal.text,
        "rows": proposal.rows,
        "rejected": proposal.rejected,
        "column_count": proposal.columns,
        "columns": columns,
        "outcome": proposal.outcome_sentence,
        "became": None if proposal.outcome.chosen is None else proposal.outcome.chosen.won,
        "notes": list(proposal.notes),
        "decisions": decisions.to_dict(),
        "proofs": {name: asdict(proof) for name, proof in proofs.items()},
    }


if __name__ == "__main__":
    json.dump(propose(Path(sys.argv[1]), sys.argv[2]), sys.stdout)
