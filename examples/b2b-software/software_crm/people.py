"""What the people of the simulated CRM do, one row an event: habits, mails that they follow, and how they began.

Times are microseconds since 1970, in UTC. A row of the table is a lead (its place), a kind, when it happened, on which
day it became known, and what it tells. `habit` is the habit that it is of, "mail" for the first click on a mail, and
empty where it says nothing of the outcome that the row of the lead doesn't say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from software_crm.arrays import Codes, Flags, Floats, pick
from software_crm.habits import FOLLOWS_DAYS, HABITS, LOOKED_AT, MAIL_AGES, Habit, fade, follows, rise
from software_crm.leads import Leads
from software_crm.mails import SENT_AT, count_links
from software_crm.vocabulary import SOURCE

SECOND = 1_000_000
DAY = 86_400 * SECOND
PATHS = np.array(["/", "/product", "/docs", "/blog", "/customers", "/about", "/careers"], dtype=object)
PATH_SHARES = (0.30, 0.25, 0.12, 0.15, 0.10, 0.05, 0.03)
PRICE_PATHS = np.array(["/pricing", "/en/pricing", "/pricing/enterprise"], dtype=object)
FORMS = np.array(["contact", "download", "webinar", "demo"], dtype=object)
CALL_OUTCOMES = np.array(["reached", "voicemail", "no answer"], dtype=object)
BROWSERS = np.array(
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Edg/125.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    ],
    dtype=object,
)
BEGAN_WITH = {"web_form": "contact", "content_download": "download", "webinar": "webinar"}  # the form, by lead source


def draw_habits(rng: np.random.Generator, x: Leads, last: Codes, became: Floats) -> list[pd.DataFrame]:
    """The events of each habit. `last` is the last day of each lead, `became` that of its opportunity (NaN: none)."""
    return [_draw_habit(rng, habit, x, last, became) for habit in HABITS]


def _draw_habit(rng: np.random.Generator, habit: Habit, x: Leads, last: Codes, became: Floats) -> pd.DataFrame:
    ages = np.arange(1, LOOKED_AT + 1)
    chosen, when = [], []
    parts = len(last) // 20_000 + 1  # one after another, to spare memory
    for part in np.array_split(np.arange(len(last)), parts):
        days = x.created[part, None] + ages
        rates = habit.rate * fade(ages) * (1 + habit.rise * rise(became[part, None] - days))
        rates[days > last[part, None]] = 0
        if "visit" in habit.name:
            rates[~is_tracked(x)[part]] = 0
        lead, age = np.nonzero(counts := rng.poisson(rates))
        times = counts[lead, age]
        chosen.append(np.repeat(part[lead], times))
        when.append(np.repeat(days[lead, age], times))
    lead, day = np.concatenate(chosen), np.concatenate(when)
    n = len(lead)
    events = events_of(lead, day * DAY + draw_hours(rng, n), habit.name.removeprefix("price_"), habit=habit.name)
    events["known"] = day + pick(rng, habit.known, n)
    match habit.name:
        case "visit":
            events["path"] = PATHS[pick(rng, PATH_SHARES, n)]
        case "price_visit":
            events["path"] = PRICE_PATHS[pick(rng, (0.7, 0.2, 0.1), n)]
        case "form":
            events["form"] = FORMS[pick(rng, (0.3, 0.4, 0.2, 0.1), n)]
        case "call":
            reached = pick(rng, (0.45, 0.25, 0.30), n)
            events["outcome"] = CALL_OUTCOMES[reached]
            events["minutes"] = np.where(reached == 0, np.ceil(8 * rng.standard_exponential(n)), np.nan)
    if "visit" in habit.name:
        events["seconds"] = draw_seconds(rng, n)
    return events


def draw_first_steps(rng: np.random.Generator, x: Leads) -> list[pd.DataFrame]:
    """What leads did before somebody knew who they were: visits under a cookie, and the form that told their name.

    As many visits as the row says, in the 30 days before the lead was created; they are known from that day on.
    """
    visits = np.where(np.isnan(x.pages), 0, x.pages).astype(np.int64)
    lead = np.repeat(np.arange(len(visits)), visits)
    nth = np.arange(len(lead)) - np.repeat(np.cumsum(visits) - visits, visits)
    silent = np.where(np.isnan(x.days_silent), 0, np.minimum(x.days_silent, 29))[lead]
    before = 1 + silent + np.floor(rng.random(len(lead)) * (30 - silent))
    events = events_of(lead, ((x.created[lead] - before) * DAY + draw_hours(rng, len(lead))).astype(np.int64), "visit")
    is_price = nth < np.where(np.isnan(x.pricing), 0, x.pricing)[lead]
    events["path"] = np.where(is_price, PRICE_PATHS[0], PATHS[pick(rng, PATH_SHARES, len(lead))])
    events["seconds"] = draw_seconds(rng, len(lead))
    events["known"] = x.created[lead]
    events["cookie"] = True

    names = np.array([BEGAN_WITH.get(str(name), "") for name in SOURCE.names], dtype=object)[x.source]
    names = np.where(x.demo, "demo", names)
    (lead,) = np.nonzero(names != "")
    forms = events_of(lead, x.created[lead] * DAY + draw_hours(rng, len(lead)), "form")
    forms["form"] = names[lead]
    return [events, forms]


def draw_proposals(rng: np.random.Generator, became: Floats, until: int) -> pd.DataFrame:
    """Proposals that sales sends to those who have become an opportunity: they give the outcome away."""
    day = became + pick(rng, (0.7, 0.2, 0.1), len(became))
    (lead,) = np.nonzero((rng.random(len(became)) < 0.92) & (day <= until))
    return events_of(lead, day[lead].astype(np.int64) * DAY + draw_hours(rng, len(lead)), "proposal")


def draw_replies(rng: np.random.Generator, x: Leads, last: Codes, became: Floats) -> list[pd.DataFrame]:
    """Mails that are opened, and links in them that are followed."""
    ages = np.array(MAIL_AGES)
    days = x.created[:, None] + ages
    gets = (days <= last[:, None]) & ~x.unsubscribed[:, None]
    goes = gets & (rng.random(days.shape) < follows(became[:, None] - days))
    lead, mail = np.nonzero(goes)
    later = pick(rng, FOLLOWS_DAYS, len(lead))
    sent = days[lead, mail] * DAY + SENT_AT
    at_once = np.minimum(2 * 3600 * np.exp(1.6 * rng.standard_normal(len(lead))), 15 * 3600) * SECOND
    next_day = later * DAY + rng.integers(-2 * 3600, 12 * 3600, len(lead)) * SECOND
    first = events_of(lead, (sent + np.where(later == 0, at_once, next_day)).astype(np.int64), "mail_click", "mail")
    agent = draw_browsers(rng, len(lead))
    describe_click(first, mail, draw_links(rng, mail), agent, sent)
    clicks = _draw_more_clicks(rng, first)
    return [*clicks, _draw_opens(rng, first, gets, days)]


def _draw_more_clicks(rng: np.random.Generator, first: pd.DataFrame) -> list[pd.DataFrame]:
    """The first clicks on mails, and further ones: on other links, rarely within seconds, and twice by mistake."""
    clicks = [first]
    for share in (0.25, 0.25):  # of those who follow one link a quarter follow a second, and of these a third
        more = clicks[-1][rng.random(len(clicks[-1])) < share].copy()
        more["time"] += (45 * np.exp(1.2 * rng.standard_normal(len(more))) * SECOND).astype(np.int64)
        more["link"] = draw_links(rng, more["mail"].to_numpy())
        clicks.append(more)
    again = first[rng.random(len(first)) < 0.03].copy()
    again["time"] += (SECOND * (0.5 + 2 * rng.random(len(again)))).astype(np.int64)
    clicks.append(again)
    for more in clicks[1:]:
        more["habit"] = ""
    for more in clicks:
        more["known"] = more["time"] // DAY
    return clicks


def _draw_opens(rng: np.random.Generator, clicks: pd.DataFrame, gets: Flags, days: Codes) -> pd.DataFrame:
    """Mails that are opened: before most clicks, and one in four at some other time, whether it is followed or not."""
    shown = clicks[rng.random(len(clicks)) < 0.8]
    early = shown["time"] - (SECOND * (5 + 20 * rng.standard_exponential(len(shown)))).astype(np.int64)
    opens = events_of(shown["lead"].to_numpy(), np.maximum(early, shown["sent"] + SECOND).to_numpy(), "mail_open")
    describe_mail(opens, shown["mail"].to_numpy(), shown["agent"].to_numpy(), shown["sent"].to_numpy())
    lead, mail = np.nonzero(gets & (rng.random(gets.shape) < 0.25))
    sent = days[lead, mail] * DAY + SENT_AT
    later = np.minimum(4 * 3600 * np.exp(1.6 * rng.standard_normal(len(lead))), 3 * 86_400) * SECOND
    other = events_of(lead, (sent + later).astype(np.int64), "mail_open")
    describe_mail(other, mail, draw_browsers(rng, len(lead)), sent)
    return pd.concat([opens, other])


def events_of(lead: Codes, time: Codes, kind: str, habit: str = "") -> pd.DataFrame:
    """A table of events that are known on their day."""
    return pd.DataFrame({"lead": lead, "time": time, "kind": kind, "habit": habit, "known": time // DAY})


def describe_mail(events: pd.DataFrame, mail: Codes, agent: Any, sent: Codes) -> None:
    """Add what every event of a mail tells. `mail` is its place among the mails that a lead gets."""
    events["mail"] = mail
    events["agent"] = agent
    events["sent"] = sent


def describe_click(events: pd.DataFrame, mail: Codes, link: Codes, agent: Any, sent: Codes) -> None:
    """Add what a click tells."""
    describe_mail(events, mail, agent, sent)
    events["link"] = link
    events["method"] = "GET"


def draw_links(rng: np.random.Generator, mail: Codes) -> Codes:
    """Links that people follow: mostly the first ones, and never the imprint or the cancellation, which stand last."""
    return np.floor(rng.random(len(mail)) ** 2 * (count_links(mail) - 2)).astype(np.int64)


def draw_browsers(rng: np.random.Generator, n: int) -> Any:
    """Agents of browsers. Shape: (n,)."""
    return BROWSERS[pick(rng, (0.4, 0.2, 0.15, 0.2, 0.05), n)]


def draw_hours(rng: np.random.Generator, n: int) -> Codes:
    """Times of a day, most of them in office hours. Microseconds."""
    hours = np.clip(13 + 3.5 * rng.standard_normal(n), 0, 23.99)
    return (hours * 3600 * SECOND).astype(np.int64)


def draw_seconds(rng: np.random.Generator, n: int) -> Floats:
    """How long pages are looked at."""
    return np.ceil(40 * np.exp(1.1 * rng.standard_normal(n)))


def is_tracked(x: Leads) -> Flags:
    """Whether the visits of a lead are known: it took the cookie."""
    return ~np.isnan(x.pages)
