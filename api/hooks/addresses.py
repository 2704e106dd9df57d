"""Where hooks may be sent: the one place that keeps them out of the network behind the service (SSRF).

An address is `https://name/path`, on port 443 or one from 1024, without a user, and ASCII: an international name is
written `xn--…`. Its name is resolved once for each attempt; all that it resolves to must be public, and the attempt
connects to one of the addresses that were checked, whatever the name resolves to by then. With `to_loopback`, for tests
and for programs on the same machine, addresses of this machine are allowed as well, also by `http://`.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from leadledger.scoring.errors import HookError

IPAddress: TypeAlias = IPv4Address | IPv6Address
LONGEST_HOOK_URL = 2000  # characters
FIRST_FREE_PORT = 1024  # below it are the services of a system: mail, databases' older ports, shells
DEFAULT_PORTS = {"https": 443, "http": 80}

# RFC 3986, without what no server needs and what parsers disagree on: a user, backslashes, spaces.
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<target>[/?].*)?")
_SIGNS = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*")  # no `#`: a fragment is never sent
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
# Whatever ends like a number is an address for some resolver: 2130706433, 0x7f.1, 0177.0.0.1. Only 127.0.0.1 is clear.
_NUMBER_AT_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)")

_PUBLIC_IPV6 = IPv6Network(
    "2000::/3"
)  # all that is assigned: https://www.iana.org/assignments/ipv6-unicast-address-assignments
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: a public IPv4 address as a network without IPv4 writes it
# What `is_global` lets pass, in some Python or in all.
_NOT_PUBLIC = (
    IPv4Network("168.63.129.16/32"),  # the host of a virtual machine at Azure
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, RFC 7526
    IPv4Network("224.0.0.0/3"),  # multicast and reserved
    IPv6Network("2001::/23"),  # Teredo and other protocols' own
    IPv6Network("2002::/16"),  # 6to4, which holds an IPv4 address
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)


@dataclass(frozen=True, slots=True)
class HookAddress:
    """An address to which a hook is sent. `host` is a name, or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query

    @property
    def authority(self) -> str:
        """Host and port as the header `Host` has them; the port only where it isn't that of the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read_address(url: str, to_loopback: bool = False) -> HookAddress:
    """Read the URL of a subscription. Raises HookError where hooks can't be sent there, whatever it resolves to."""
    if len(url) > LONGEST_HOOK_URL:
        raise HookError(f"the URL has {len(url):,} characters; at most {LONGEST_HOOK_URL:,} are allowed")
    if not _SIGNS.fullmatch(url):
        raise HookError("the URL holds a sign that can't be sent; write it percent-encoded, and a name as xn--…")
    match = _URL.fullmatch(url)
    scheme = match["scheme"].lower() if match else ""
    if match is None or scheme not in DEFAULT_PORTS or (scheme == "http" and not to_loopback):
        raise HookError("the URL must begin with https://")
    if "@" in match["authority"]:
        raise HookError("the URL holds a user or a password; each message is signed instead")
    authority = _AUTHORITY.fullmatch(match["authority"])
    if authority is None:
        raise HookError("the URL names no server after https://, or its port is not a number")
    port = int(authority["port"] or DEFAULT_PORTS[scheme])
    if port != DEFAULT_PORTS[scheme] and not FIRST_FREE_PORT <= port <= 65535:
        raise HookError(
            f"port {port} is not allowed; use {DEFAULT_PORTS[scheme]}, or one from {FIRST_FREE_PORT} to 65535"
        )
    host = _read_host(authority["host"])
    target = match["target"] or "/"
    address = HookAddress(scheme, host, port, target if target.startswith("/") else f"/{target}")
    literal = read_literal(host)
    if literal is not None:
        check_addresses(address, [host], to_loopback)
    return address


def _read_host(text: str) -> str:
    """The host of a URL, in lower case and without brackets. Raises HookError."""
    host = text.removeprefix("[").removesuffix("]").lower()
    is_literal = read_literal(host) is not None
    if text.startswith("["):
        is_right = is_literal and ":" in host
    else:
        is_right = is_literal or (
            len(host) <= 253 and bool(_NAME.fullmatch(host)) and not _NUMBER_AT_END.fullmatch(host)
        )
    if not is_right:
        raise HookError("the URL names no server: write a name like hooks.example.com")
    return host


def read_literal(host: str) -> IPAddress | None:
    """The IP address that a host is written as; None: it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_addresses(address: HookAddress, resolved: Iterable[str], to_loopback: bool = False) -> tuple[IPAddress, ...]:
    """The IP addresses to which an attempt may connect: all that a name resolves to. Raises HookError.

    One that isn't public spoils them all: a name that resolves outward and inward is a trap, or a mistake.
    """
    addresses = []
    for text in resolved:
        ip = read_literal(text)
        if ip is not None:
            addresses.append(ip)
        if ip is None or not (is_public(ip) or (to_loopback and _is_loopback(ip))):
            raise HookError("the URL leads to an address that is not public")
    if not addresses:
        raise HookError("the name of the server can't be resolved")
    if address.scheme == "http" and not all(map(_is_loopback, addresses)):
        raise HookError("http:// is allowed to this machine only; use https://")
    return tuple(dict.fromkeys(addresses))


def is_public(ip: IPAddress) -> bool:
    """Whether an address is a public one, and not one of our own network in another form."""
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip not in _PUBLIC_IPV6 or ip.scope_id is not None:
            return False
    return ip.is_global and not any(ip in network for network in _NOT_PUBLIC)


def _is_loopback(ip: IPAddress) -> bool:
    return ip.is_loopback
