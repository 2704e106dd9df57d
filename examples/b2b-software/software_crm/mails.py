"""The mails that every lead gets, one after another: their names and their links."""

from __future__ import annotations

import numpy as np

from software_crm.arrays import Codes

SENT_AT = (7 * 60 + 30) * 60 * 1_000_000  # microseconds after midnight: at half past seven
MAILS = np.array(["welcome", *(f"nurture-{number}" for number in range(1, 9))], dtype=object)  # see habits.MAIL_AGES
LINKS = np.array([3, 5, 6, 8, 9, 6, 7, 9, 5])  # of each mail; the last two are the imprint and the cancellation
FEET = np.array(["/imprint", "/unsubscribe"], dtype=object)


def count_links(mail: Codes) -> Codes:
    """How many links each mail has."""
    return LINKS[mail]


def name_links(mail: Codes, link: Codes) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The addresses of links, by their places in their mails."""
    names = np.char.add(np.char.add("/go/", MAILS[mail].astype(str)), np.char.mod("/%d", link + 1)).astype(object)
    foot = link - (LINKS[mail] - len(FEET))
    return np.where(foot >= 0, FEET[np.clip(foot, 0, 1)], names)
