"""Sends one message: to an address that was checked, without redirects or proxies, and with all times bounded.

`httpcore2` is loaded with the first message: most services send none.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from leadledger.api.hooks.addresses import HookAddress, IPAddress, check_addresses, read_address, read_literal
from leadledger.api.hooks.retries import BUSY, Answer, read_retry_after
from leadledger.api.hooks.signing import sign_message
from leadledger.scoring.errors import HookError

if TYPE_CHECKING:
    from httpcore2 import Response

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
TOTAL_SECONDS = 20.0  # for an attempt; the standard recommends 15 to 30
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0  # to the status, and for each part of what follows
WRITE_SECONDS = 5.0
DRAIN_SECONDS = 1.0  # for the rest of an answer, of which nothing is kept
MOST_ANSWER_BYTES = 65_536
MOST_ADDRESSES_TRIED = 2  # of a name
RESOLVER_THREADS = 16  # of their own: a name server that hangs must not keep the service from its log


class Sender:
    """Sends messages. `to_loopback` allows addresses of this machine; `trust` is what certificates are checked by.

    `resolve` gives the IP addresses of a name; None: those of the system. `total_seconds` bounds an attempt.
    """

    def __init__(
        self,
        to_loopback: bool = False,
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.to_loopback = to_loopback
        self._resolve = resolve or self._resolve_by_system
        self._trust = trust
        self._total_seconds = total_seconds
        self._threads: ThreadPoolExecutor | None = None

    async def send(self, url: str, message_id: str, body: str, secrets: Sequence[str]) -> Answer:
        """Try once to deliver a message. Whatever goes wrong is in the answer."""
        start = monotonic()
        try:
            async with asyncio.timeout(self._total_seconds):
                status, retry_after = await self._post(url, message_id, body.encode(), secrets)
        except TimeoutError:
            return Answer(None, "there was no answer in time", None, monotonic() - start)
        except HookError as error:
            return Answer(None, str(error), None, monotonic() - start)
        except Exception as error:  # of the network, of TLS, of HTTP; the message is tried again in any case
            return Answer(None, _describe_failure(error), None, monotonic() - start)
        answer = Answer(status, "", retry_after, monotonic() - start)
        if answer.is_delivered:
            return answer
        return Answer(status, f"the answer was {status}", retry_after, answer.seconds)

    async def _post(self, url: str, message_id: str, body: bytes, secrets: Sequence[str]) -> tuple[int, float | None]:
        """The status of the answer, and the seconds after which a busy receiver may be asked again."""
        import httpcore2

        from leadledger.api.hooks.pinned_network import PinnedNetwork

        address = read_address(url, self.to_loopback)
        network = PinnedNetwork(await self._find_addresses(address))
        if self._trust is None and address.scheme == "https":
            self._trust = httpcore2.default_ssl_context()
        now = datetime.now(UTC)
        headers = {
            "Host": address.authority,
            "User-Agent": _name_agent(),
            "Content-Type": "application/json",
            "Connection": "close",
            **sign_message(message_id, int(now.timestamp()), body, secrets),
        }
        timeouts = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": WRITE_SECONDS}
        origin = httpcore2.Origin(address.scheme.encode(), address.host.encode(), address.port)
        place = httpcore2.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=address.target.encode(),
        )
        async with (
            httpcore2.AsyncHTTPConnection(origin, ssl_context=self._trust, network_backend=network) as connection,
            connection.stream(
                "POST", place, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}
            ) as response,
        ):
            retry_after = _find_retry_after(response, now) if response.status in BUSY else None
            await _drop_rest(response)
            return response.status, retry_after

    async def _find_addresses(self, address: HookAddress) -> Sequence[IPAddress]:
        """The checked IP addresses of an address, those that are tried. Raises HookError."""
        if read_literal(address.host) is not None:
            resolved: Sequence[str] = [address.host]
        else:
            try:
                resolved = await self._resolve(address.host, address.port)
            except OSError:
                raise HookError("the name of the server can't be resolved") from None
        return check_addresses(address, resolved, self.to_loopback)[:MOST_ADDRESSES_TRIED]

    async def _resolve_by_system(self, host: str, port: int) -> Sequence[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="hooks-names")
        entries = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(entry[4][0]) for entry in entries]


@cache
def _name_agent() -> str:
    try:
        return f"leadledger/{importlib.metadata.version('leadledger')}"
    except importlib.metadata.PackageNotFoundError:  # run from a folder that was never installed
        return "leadledger/0"


async def _drop_rest(response: Response) -> None:
    """Read what follows the status, to a limit, so that the receiver can end in order; nothing of it matters."""
    import httpcore2

    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for part in response.aiter_stream():
                size += len(part)
                if size > MOST_ANSWER_BYTES:
                    return
    except (TimeoutError, httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError):
        return


def _find_retry_after(response: Response, now: datetime) -> float | None:
    for name, value in response.headers:
        if name.lower() == b"retry-after":
            return read_retry_after(value.decode("latin-1"), now)
    return None


def _describe_failure(error: Exception) -> str:
    """What went wrong, in our words: those of an error may repeat what the receiver sent."""
    import httpcore2

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "the TLS handshake failed"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.TimeoutException):
        return "there was no answer in time"
    if isinstance(error, httpcore2.ConnectError):
        return "no connection could be made"
    if isinstance(error, httpcore2.ProtocolError):
        return "the answer was not HTTP, or was cut off"
    if isinstance(error, httpcore2.NetworkError):
        return "the connection broke"
    return f"it failed: {type(error).__name__}"
