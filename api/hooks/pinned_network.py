"""A network for httpcore2 that connects to IP addresses which were checked before, whatever a name resolves to by now.

TLS and HTTP still see the name: certificates are checked for it, and `Host` holds it.
https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpcore2

from leadledger.api.hooks.addresses import IPAddress


class PinnedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to one of some addresses: to the first that answers, in their order."""

    def __init__(self, addresses: Sequence[IPAddress]) -> None:
        self._addresses = addresses
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect; `host` is not looked at. Raises httpcore2.ConnectError or ConnectTimeout of the last address."""
        for address in self._addresses[:-1]:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        last = str(self._addresses[-1])
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts."""
        await self._network.sleep(seconds)
