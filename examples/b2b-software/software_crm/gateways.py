"""Mail gateways: programs that open mails and follow their links before, or beside, the people to whom they went.

Written from what those who run mail services and marketing tools have measured and reported, not from a rule that finds
gateways; each way of scanning names its source. How common each way is nobody has published: the shares are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from software_crm.arrays import Codes, Floats, pick
from software_crm.habits import MAIL_AGES
from software_crm.leads import Leads
from software_crm.mails import LINKS, SENT_AT, count_links
from software_crm.people import DAY, SECOND, describe_click, describe_mail, draw_browsers, events_of

SHARE = 0.12  # of leads whose firm has a gateway that follows links
SCANS = 0.8  # the share of mails that it looks at: gateways sample
RESCANS = 0.15  # the share of people's clicks that a gateway repeats from elsewhere, within seconds
#                 https://github.com/resend/resend-node/issues/901
PROGRAMS = np.array(
    ["Barracuda Sentinel (EE)", "Mimecast-URL-Protect/2.1", "python-requests/2.31.0", "CiscoSecureEmail/15.5"],
    dtype=object,
)


@dataclass(frozen=True)
class Scan:
    """A way of scanning a mail.

    `share` of the gateways; `start` and `spread`: seconds from delivery to the first click, the median and the standard
    deviation of the logarithm; `gap`: mean seconds from click to click; `follows`: the share of links that it follows
    (0: one of them); `agent`: "browser" (one for the mail), "browsers" (one for each click) or "program"; `method`.
    """

    share: float
    start: float
    spread: float
    gap: float
    follows: float = 1.0
    agent: str = "browser"
    method: str = "GET"


SCANS_BY_GATEWAY = (
    # All nine or ten links in less than a second, under a browser's name; two in three such sweeps begin 20 to 60
    # seconds after sending, most others within five minutes.
    # https://github.com/putyourlightson/craft-campaign/issues/546
    # https://github.com/MillionSend/millionsend/pull/22
    Scan(0.40, start=43, spread=0.7, gap=0.05),
    # About a second for each link, from several addresses, with several agents.
    # https://github.com/mautic/mautic/issues/9798
    Scan(0.18, start=20, spread=0.8, gap=1.0, agent="browsers"),
    # Most links, and not all; within a minute, sometimes after five.
    # https://github.com/anymail/django-anymail/issues/200
    Scan(0.12, start=40, spread=1.0, gap=0.8, follows=0.75),
    # HEAD instead of GET, as soon as the mail is there.
    # https://github.com/jdavidbakr/mail-tracker/pull/200
    # https://github.com/civicrm/civicrm-core/pull/35328
    Scan(0.10, start=5, spread=0.8, gap=0.5, method="HEAD"),
    # Programs that say their name, within ten seconds.
    # https://github.com/mautic/mautic/issues/8692
    Scan(0.10, start=4, spread=0.6, gap=0.7, agent="program"),
    # A sandbox that loads one page after another in a whole browser, minutes after delivery.
    # https://github.com/justingit/dada-mail/issues/1126
    Scan(0.04, start=150, spread=0.5, gap=20),
    # One link only, under a browser's name.
    # https://github.com/MillionSend/millionsend/pull/22
    Scan(0.06, start=40, spread=0.9, gap=0, follows=0),
)


def draw_gateways(rng: np.random.Generator, leads: int) -> Codes:
    """The way in which the firm of each lead scans, -1 where it doesn't. Shape: (leads,)."""
    ways = pick(rng, [scan.share for scan in SCANS_BY_GATEWAY], leads)
    return np.where(rng.random(leads) < SHARE, ways, -1)


def draw_scans(rng: np.random.Generator, x: Leads, last: Codes, clicks: pd.DataFrame) -> list[pd.DataFrame]:
    """Opens and clicks of gateways. `last` is the last day of each lead, `clicks` are those of people."""
    gateways = draw_gateways(rng, len(last))
    days = x.created[:, None] + np.array(MAIL_AGES)
    gets = (days <= last[:, None]) & ~x.unsubscribed[:, None] & (rng.random(days.shape) < SCANS)
    events = [_draw_rescans(rng, clicks[(gateways[clicks["lead"]] >= 0) & (clicks["habit"] == "mail")])]
    for way, scan in enumerate(SCANS_BY_GATEWAY):
        lead, mail = np.nonzero(gets & (gateways == way)[:, None])
        events += _draw_scan(rng, scan, lead, mail, days[lead, mail] * DAY + SENT_AT)
    return [frame.assign(machine=True) for frame in events]


def _draw_scan(rng: np.random.Generator, scan: Scan, lead: Codes, mail: Codes, sent: Codes) -> list[pd.DataFrame]:
    """The opens and clicks of one way of scanning, on the mails of some leads."""
    n = len(lead)
    start = scan.start * np.exp(scan.spread * rng.standard_normal(n))
    agents = PROGRAMS[pick(rng, np.ones(len(PROGRAMS)), n)] if scan.agent == "program" else draw_browsers(rng, n)
    order = rng.random((n, LINKS.max()))
    order[np.arange(LINKS.max()) >= count_links(mail)[:, None]] = np.inf  # no such link in this mail
    links = np.argsort(order, axis=1)  # in any order
    goes = rng.random(order.shape) < scan.follows
    if not scan.follows:
        goes[:, 0] = True
    goes &= np.arange(LINKS.max()) < count_links(mail)[:, None]
    gaps: Floats = scan.gap * rng.standard_exponential(order.shape)
    seconds = start[:, None] + np.cumsum(np.where(goes, gaps, 0), axis=1)
    run, nth = np.nonzero(goes)
    times = sent[run] + (seconds[run, nth] * SECOND).astype(np.int64)
    clicks = events_of(lead[run], times, "mail_click")
    agent = draw_browsers(rng, len(run)) if scan.agent == "browsers" else agents[run]
    describe_click(clicks, mail[run], links[run, nth], agent, sent[run])
    clicks["method"] = scan.method
    opens = events_of(lead, sent + (start * rng.random(n) * SECOND).astype(np.int64), "mail_open")
    describe_mail(opens, mail, agents, sent)
    return [opens, clicks]


def _draw_rescans(rng: np.random.Generator, clicks: pd.DataFrame) -> pd.DataFrame:
    """Clicks that repeat those of people, some seconds later."""
    again = clicks[rng.random(len(clicks)) < RESCANS].copy()
    again["time"] += (SECOND * (1 + 15 * rng.random(len(again)))).astype(np.int64)
    again["agent"] = draw_browsers(rng, len(again))
    again["habit"] = ""
    return again
