"""Why a lead stands where it does, in a line: what speaks for it most, and what against."""

from __future__ import annotations

from leadledger.api.pages.desk.waterfall import draw_waterfall
from leadledger.api.service.lead_details import DetailedLead

REASONS_FOR, REASONS_AGAINST = 3, 1  # so many fit into a line or two


def word_why(lead: DetailedLead) -> str:
    """The strongest rows of a lead's waterfall, with their points; empty: its score can't be worked out again."""
    if lead.result is None or lead.card is None:
        return ""
    drawn = draw_waterfall(lead.result, lead.card, lead.values)
    rows = sorted((row for row in drawn.rows if row.kind == "entry"), key=lambda row: -abs(row.tenths))
    gains = [f"{row.text} ({row.points})" for row in rows if row.tenths > 0][:REASONS_FOR]
    losses = [f"{row.text} ({row.points})" for row in rows if row.tenths < 0][:REASONS_AGAINST]
    sides = (("For it", gains), ("Against it", losses))
    return " ".join(f"{side}: {'; '.join(reasons)}." for side, reasons in sides if reasons)
