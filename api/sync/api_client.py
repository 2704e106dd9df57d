"""Calls of a CRM's API, for all connectors: limits, retries, bounded times and bodies, and errors in plain words.

A call that fails for a moment (no connection, no answer in time, 429, a server's error, an answer that is cut off) is
tried again; so every call must be one that does no harm when it is made twice. Redirects are not followed: the headers
hold secrets. No text of an error holds one.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from leadledger.api.hooks.retries import read_retry_after
from leadledger.api.sync.call_limits import CallLimit
from leadledger.scoring.errors import SyncError

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx2

MOST_BYTES = 50_000_000  # of an answer
LONGEST_EXCERPT = 200  # characters of a CRM's own words that an error repeats
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524))
_UNREADABLE = object()
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Patience:
    """How long a call may take, and how often it is tried: seconds, and numbers of attempts.

    `longest_wait` bounds what a `Retry-After` may ask; a longer one ends the sync with its time.
    """

    attempts: int = 5
    first_wait: float = 0.5  # doubled with each further one
    longest_wait: float = 60.0
    connect: float = 10.0
    read: float = 60.0  # until the answer begins, and for each part of it
    total: float = 180.0  # for one answer as a whole


@dataclass(frozen=True)
class ApiAnswer:
    """An answer: its status, its body as JSON (None: it has none), and its headers by their names in small letters."""

    call: str  # for messages: "HubSpot's search"
    status: int
    body: Any
    headers: Mapping[str, str]

    def read(self, name: str, kind: type | tuple[type, ...]) -> Any:
        """A member of the body, which must be of a type. Raises SyncError."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise SyncError(
                f"{self.call} answered without '{name}', or with something else there. Is the address right, and does"
                " nothing stand between, such as a proxy's page? Nothing of this answer was used."
            )
        return value

    def read_date(self) -> datetime:
        """The time of the server's clock, to the second. Raises SyncError where it doesn't say."""
        return _check_date(self.call, self.date)

    @property
    def date(self) -> datetime | None:
        """The time of the server's clock, to the second; None where it doesn't say."""
        try:
            moment = parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass
class ApiClient:
    """Calls of one API. `title` names the system for people, `base_url` is where its paths begin.

    `headers` go with each call; those that hold secrets too. `secrets` never appear in an error. `limits` are kept by
    their names; a call names those that count for it. `calls` counts what was sent.
    """

    title: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    limits: Mapping[str, CallLimit] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    calls: int = field(default=0, init=False)
    last_date: datetime | None = field(default=None, init=False)  # of the newest answer, by the server's clock

    def __post_init__(self) -> None:
        self.base_url = read_base_url(self.base_url)
        self._client: httpx2.Client | None = None

    def call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        batch: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Sequence[str] = ("",),
        accepted: Sequence[int] = (200, 201, 202, 204),
    ) -> ApiAnswer:
        """One call, tried until it works. `name` says for people what it does: "the search for changes".

        `body` is sent as JSON, `batch` as it is: several calls in one, whose media type is in `headers`; the answer to
        it is a text. `accepted` are the statuses that are answers; any other is a SyncError, which `explain` words.
        """
        label = f"{self.title} ({name})"
        problem, wait = "", 0.0
        for attempt in range(1, self.patience.attempts + 1):
            if attempt > 1:
                sleep(wait)
            for limit in limits:
                if limit in self.limits:
                    self.limits[limit].wait()
            self.calls += 1
            wait = self.patience.first_wait * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
            try:
                status, received, content = self._send(method, path, params, body, form, batch, headers)
            except _FailedCall as failure:
                problem = str(failure)
                if not failure.may_retry:
                    break
                continue
            if status in accepted:
                is_text = batch is not None and "json" not in received.get("content-type", "")
                try:
                    value = content.decode() if is_text else json.loads(content) if content.strip() else None
                except (ValueError, RecursionError):
                    value = _UNREADABLE
                if value is _UNREADABLE and status >= 400:  # its page of an error says nothing to us
                    value = None
                if value is _UNREADABLE:
                    problem = f"the answer ({status}) is not JSON, or is cut off"
                    continue
                answer = ApiAnswer(label, status, value, received)
                self.last_date = answer.date or self.last_date
                return answer
            problem = f"the answer was {status}{self.quote(content)}"
            if status not in _TRANSIENT:
                raise SyncError(self._explain(label, status, content, received))
            present = ApiAnswer(label, status, None, received).date or datetime.now(UTC)
            asked = read_retry_after(received.get("retry-after", ""), present)
            if asked is not None and asked > self.patience.longest_wait:
                raise SyncError(
                    f"{label}: the limit of calls is reached, and it asks to wait {asked:,.0f} seconds"
                    f"{self.quote(content)}. What is done is kept; run the sync again after that."
                )
            wait = wait if asked is None else max(asked, wait)
        raise SyncError(
            f"{label}: {problem}, after {attempt:,} attempts. What is done is kept; the next run goes on from there."
            if attempt > 1
            else f"{label}: {problem}."
        )

    def read_clock(self) -> datetime:
        """The time of the server's clock in its newest answer, to the second. Raises SyncError where none says it."""
        return _check_date(self.title, self.last_date)

    def close(self) -> None:
        """Let connections go."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _explain(self, label: str, status: int, content: bytes, headers: Mapping[str, str]) -> str:
        """What a status means that no further attempt would change, and what to do."""
        quoted = self.quote(content)
        if 300 <= status < 400:
            host = urlsplit(headers.get("location", "")).hostname
            where = f" to {clean_excerpt(host)}" if host else ""
            return f"{label}: it redirects{where}, which isn't followed; give the final address of the API with --url."
        if status == 401:
            return f"{label}: the access is refused (401){quoted}. Is the token right, and not expired or revoked?"
        if status == 403:
            return f"{label}: the access lacks a right (403){quoted}. Give it the scopes that docs/sync.md lists."
        if status == 404:
            return f"{label}: there is nothing at this address (404){quoted}. Are the address and the object right?"
        return f"{label}: the call is refused ({status}){quoted}."

    def quote(self, body: Any) -> str:
        """The CRM's own words of an error, short, clean and without secrets, as `: “…”`; empty where it has none.

        `body` is that of an answer, as JSON or as it came.
        """
        text = find_message(body)
        for secret in filter(None, self.secrets):
            text = text.replace(secret, "***")
        text = clean_excerpt(text)
        return f": “{text}”" if text else ""

    def _send(
        self,
        method: str,
        path: str,
        params: Any,
        body: Any,
        form: Mapping[str, str] | None,
        batch: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send once. Raises _FailedCall."""
        import httpx2

        if self._client is None:
            patience, is_secure = self.patience, self.base_url.startswith("https:")
            self._client = httpx2.Client(
                headers={"User-Agent": "leadledger", "Accept": "application/json", **self.headers},
                timeout=httpx2.Timeout(patience.read, connect=patience.connect),
                verify=is_secure and _make_tls(),
                follow_redirects=False,
                # A proxy of the environment sees only the name of the server, but for plain HTTP to this machine.
                trust_env=is_secure,
            )
        started = monotonic()
        try:
            with self._client.stream(
                method,
                self.base_url + path,
                params=list(params.items() if isinstance(params, Mapping) else params) if params else None,
                content=batch if body is None else json.dumps(body).encode(),
                data=form,
                headers={**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})},
            ) as response:
                parts, size = [], 0
                for part in response.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > MOST_BYTES:
                        raise _FailedCall(f"the answer is longer than {MOST_BYTES:,} bytes", may_retry=False)
                    if monotonic() - started > self.patience.total:
                        raise _FailedCall("the answer didn't end in time")
                received = {name.lower(): value for name, value in response.headers.items()}
                return response.status_code, received, b"".join(parts)
        except httpx2.ConnectTimeout:
            raise _FailedCall("no connection could be made in time") from None
        except httpx2.TimeoutException:
            raise _FailedCall("there was no answer in time") from None
        except httpx2.ConnectError as error:
            raise _describe_connecting(error) from None
        except httpx2.ProxyError:
            raise _FailedCall("the proxy of the environment (HTTPS_PROXY) refuses") from None
        except httpx2.DecodingError:
            raise _FailedCall("the answer can't be decompressed") from None
        except httpx2.ProtocolError:
            raise _FailedCall("the answer was not HTTP, or was cut off") from None
        except httpx2.TransportError:
            raise _FailedCall("the connection broke") from None
        except (httpx2.InvalidURL, UnicodeError):
            raise _FailedCall("the address of the call can't be written", may_retry=False) from None


def _check_date(label: str, date: datetime | None) -> datetime:
    """Our own clock is no stand-in: it may differ from that which made the stamps. Raises SyncError."""
    if date is None:
        raise SyncError(f"{label}: the answer has no date, so changes can't be told from old ones.")
    return date


class _FailedCall(Exception):
    """A call without an answer."""

    def __init__(self, problem: str, may_retry: bool = True) -> None:
        self.may_retry = may_retry
        super().__init__(problem)


def _describe_connecting(error: Exception) -> _FailedCall:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        return _FailedCall(
            "the certificate of the server is not trusted; behind a proxy that opens TLS, name its certificate in"
            " SSL_CERT_FILE",
            may_retry=False,
        )
    if "SSL" in text:
        return _FailedCall("the TLS handshake failed")
    return _FailedCall("no connection could be made")


@cache
def _make_tls() -> SSLContext:
    """What TLS trusts, read once."""
    import httpx2

    return httpx2.create_ssl_context()


def read_base_url(url: str) -> str:
    """The address at which the paths of an API begin, without a slash at its end. Raises SyncError."""
    parts = urlsplit(url.strip())
    try:
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise SyncError("the address of the API is not one like https://api.example.com")
    if parts.username is not None or parts.password is not None:
        raise SyncError("the address of the API holds a user or a password; secrets come from the environment")
    if parts.scheme == "http" and not _is_loopback(host):
        raise SyncError("the address of the API begins with http://, which would show secrets to others; use https://")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def find_message(body: Any) -> str:
    """What an error of an API says: in `message`, `error_description` and the like; empty where it says nothing."""
    if isinstance(body, bytes):
        try:
            body = json.loads(body[:MOST_BYTES])
        except (ValueError, RecursionError):
            return ""
    if isinstance(body, list) and body:
        body = body[0]
    for _ in range(2):
        if not isinstance(body, dict):
            return ""
        for name in ("message", "error_description", "detail", "error"):
            if isinstance(body.get(name), str):
                return str(body[name])
        body = body.get("error")
    return ""


def clean_excerpt(text: str) -> str:
    """A foreign text as an error may repeat it: in one line, short, without unseen signs."""
    text = " ".join(_UNSEEN.sub(" ", text.encode(errors="replace").decode()).split())
    return text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT]}…"
