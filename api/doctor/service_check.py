"""The check of a running service: that it can be reached, and serves what the home says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from leadledger.api.doctor.finding import Finding
from leadledger.api.doctor.installation import Installation

PATIENCE = 10  # seconds
LARGEST_ANSWER = 10_000  # bytes
CLOCKS_APART = timedelta(seconds=60)
USUAL_URL = "http://127.0.0.1:8000"


class _NoRedirects(HTTPRedirectHandler):
    """Where the service is said to be, it is, or it isn't."""

    def redirect_request(self, *args: Any) -> None:
        """Follow none."""


def check_service(installation: Installation) -> Iterator[Finding]:
    """Whether the service at the address answers, with the release that is to be served, by the same clock."""
    if not installation.service_url:
        yield Finding("missing", "not asked whether it runs", f"leadledger doctor --url {USUAL_URL}")
        return
    try:
        parts = urlsplit(installation.service_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https"):
        yield Finding("problem", "--url is not the address of a service", f"leadledger doctor --url {USUAL_URL}")
        return
    place = f"[{host}]" if ":" in host else host
    label = f"{parts.scheme}://{place}" + (f":{port}" if port else "") + parts.path.rstrip("/")  # no name, no password
    start = installation.word_command("serve")
    try:
        with build_opener(_NoRedirects).open(f"{label}/health/ready", timeout=PATIENCE) as answer:
            body, headers = answer.read(LARGEST_ANSWER), answer.headers
        state = json.loads(body)
        card, release = state["card"], state["release"]
    except HTTPError as error:
        error.close()
        yield Finding("problem", f"{label} answers {error.code}", f"look at what it logs; is it {start}?")
    except URLError as error:
        yield Finding("problem", f"{label} can't be reached: {_word_reason(error.reason)}", start)
    except (OSError, HTTPException) as error:
        yield Finding("problem", f"{label} can't be reached: {_word_reason(error)}", start)
    except (ValueError, KeyError, TypeError):
        yield Finding("problem", f"{label} answers, and is no leadledger", start)
    else:
        yield from _judge_release(installation, label, str(card), str(release))
        yield from _judge_clock(installation, headers)


def _judge_release(installation: Installation, label: str, card: str, release: str) -> Iterator[Finding]:
    loaded = installation.loaded
    served = f"release {release} of the card '{card}'" if release else f"the card '{card}'"
    if loaded is None or (loaded.card.card.name, loaded.release) == (card, release):
        yield Finding("ok", f"{label} serves {served}")
    else:
        here = loaded.release or f"the card '{loaded.card.card.name}'"
        yield Finding(
            "warning",
            f"{label} serves {served}, and this home has {here}",
            "look at what it logs: has it another --home, --release or --card?",
        )


def _judge_clock(installation: Installation, headers: Message) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(headers.get("Date") or "")
        apart = abs(there - installation.now)
    except (TypeError, ValueError):  # no date, or none of a time zone
        return
    if apart > CLOCKS_APART:
        seconds = int(apart.total_seconds())
        yield Finding("warning", f"its clock and this one are {seconds:,} seconds apart", "timedatectl set-ntp true")


def _word_reason(reason: object) -> str:
    return (getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).strip()
