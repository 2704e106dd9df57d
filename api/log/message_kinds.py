"""The kinds of messages that hooks send, and which of them a change of a decision has."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from leadledger.api.log.book_rows import DecisionChange

MessageKind: TypeAlias = Literal[
    "lead.promoted",
    "lead.demoted",
    "lead.ask",
    "lead.disqualified",
    "lead.grade_changed",
    "release.published",
    "drift.warning",
]
MESSAGE_KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
TEST_KIND = "hook.test"  # of the message that tests a subscription; nobody subscribes to it
_OF_VERDICTS: dict[str, MessageKind] = {
    "promote": "lead.promoted",
    "demote": "lead.demoted",
    "ask": "lead.ask",
    "disqualify": "lead.disqualified",
}
_ABOUT_A_STAGE = ("promote", "ask")  # the same advice about another stage is another decision
_ENDS_OF_PROMOTIONS = ("nurture", "ask", "keep")


def list_change_kinds(change: DecisionChange) -> tuple[MessageKind, ...]:
    """The kinds of messages that tell of a change, the most telling first; empty: none does.

    A subscription gets one message of a change, of the first of these kinds that it asks for. So a promotion that ends
    with a question is `lead.demoted`, and for those who only ask for `lead.ask` that. A grade that changes with the
    decision has no message of its own, but for those who don't ask for the decision's.
    """
    before, after = change
    kinds: list[MessageKind] = []
    verdict = after.recommendation
    is_new = before is None or before.recommendation != verdict
    if before is not None and verdict in _ABOUT_A_STAGE:
        is_new = is_new or before.to_stage != after.to_stage
    # A promoted lead that has reached the next stage was not demoted, whatever is recommended there.
    if (
        before is not None
        and before.recommendation == "promote"
        and before.stage == after.stage
        and verdict in _ENDS_OF_PROMOTIONS
    ):
        kinds.append("lead.demoted")
    if is_new and verdict in _OF_VERDICTS:
        kinds.append(_OF_VERDICTS[verdict])
    if before is not None and before.grade and after.grade and before.grade != after.grade:
        kinds.append("lead.grade_changed")
    return tuple(kinds)
