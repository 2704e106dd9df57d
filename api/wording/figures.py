"""Figures as people write them: chances, points, counts, and how long something has waited."""

from __future__ import annotations

from datetime import date, datetime

NO_BREAK_SPACE = "\u00a0"
MINUS = "−"


def word_chance(probability: float | None) -> str:
    """A chance (0..1) in whole per cent, `67 %`; never a bare 0 or 100. Empty where it isn't known."""
    if probability is None:
        return ""
    percent = f"{probability * 100:.0f}"
    if percent == "0" and probability > 0:
        percent = "<1"
    elif percent == "100" and probability < 1:
        percent = ">99"
    return f"{percent}{NO_BREAK_SPACE}%"


def word_count(number: int) -> str:
    """A whole number with its thousands apart, `1,997`."""
    return f"{number:,}".replace("-", MINUS)


def word_number(value: float) -> str:
    """A number as it stands in a lead, `75,000` or `12.5`: up to 15 digits, and none that say nothing."""
    return f"{value:,.15g}".replace("-", MINUS)


def word_distance(tenths: int) -> str:
    """Points without a sign, in as few signs as do, `17` or `0.9`."""
    whole, rest = divmod(abs(tenths), 10)
    return f"{whole:,}.{rest}" if rest else f"{whole:,}"


def word_days(days: int) -> str:
    """A number of days, `1 day` or `14 days`."""
    return f"{days:,} day{'' if days == 1 else 's'}"


def word_wait(since: date, today: date) -> str:
    """How long something has waited, in whole days: `today`, `1 day`, `14 days`."""
    days = (today - since).days
    return "today" if days <= 0 else word_days(days)


def word_time_since(at: datetime, now: datetime) -> str:
    """How long something has waited that came today, `5 min` or `3 hours`."""
    minutes = max(1, int((now - at).total_seconds()) // 60)
    hours = minutes // 60
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else f"{minutes} min"


def word_share(share: float) -> str:
    """A share (0..1) in whole per cent, `76 %`."""
    return f"{100 * share:.0f}{NO_BREAK_SPACE}%"


def word_points(tenths: int) -> str:
    """Points with their sign, in as few signs as do, `+15` or `−2.5`."""
    return f"{MINUS if tenths < 0 else '+'}{word_distance(tenths)}"
