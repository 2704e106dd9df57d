"""Who may call a service without keys: programs on the same machine, and no web page in a browser there.

A page can point its own name to this machine (DNS rebinding): then that name is the Host. A page can also call another
name: it doesn't see the answer, but it can send a request without a body (such as one that switches the release)
without asking first by OPTIONS; then the Origin is that of the page, or Sec-Fetch-Site says so. A proxy brings callers
from other machines, and shows it by a header of its own, or by HTTP/1.0, which nginx speaks by default.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from starlette.types import Scope

from leadledger.api.requests.mistakes import Refusal

_CREATE_KEY = "Create one on the server: `leadledger keys add NAME --scope score`."


# What proxies add: https://www.rfc-editor.org/rfc/rfc9110#field.via, https://www.rfc-editor.org/rfc/rfc7239,
# https://developers.cloudflare.com/fundamentals/reference/http-headers/, and what others call the same.
_PROXY_HEADERS = frozenset(
    {
        b"via",
        b"forwarded",
        b"x-forwarded",
        b"x-forwarded-by",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-original-forwarded-for",
        b"x-original-host",
        b"x-real-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-envoy-external-address",
        b"x-azure-clientip",
        b"x-appengine-user-ip",
        b"cf-connecting-ip",
        b"cf-ray",
        b"cdn-loop",
        b"fastly-client-ip",
        b"fly-client-ip",
        b"true-client-ip",
    }
)


def check_local(scope: Scope, headers: Mapping[bytes, bytes]) -> None:
    """Raise Refusal (403, 421) for a request that may not come from a program on this machine.

    A link on another site, such as one in a mail, may lead to a page here: it shows to its reader only.
    """
    address = (scope.get("server") or ("",))[0]  # where the connection came in
    # Without keys, nothing listens elsewhere. This still holds if the key file is lost and a process starts again.
    if (address[:1].isdigit() or ":" in address) and not is_loopback(address):
        raise Refusal(403, f"No keys exist, so other machines have no access. {_CREATE_KEY}")
    if not _PROXY_HEADERS.isdisjoint(headers) or scope.get("http_version") == "1.0":
        raise Refusal(403, f"This request came through a proxy, and no keys exist. {_CREATE_KEY}")
    origin = headers.get(b"origin")
    if origin is None:
        is_foreign = headers.get(b"sec-fetch-site") == b"cross-site" and not follows_link(scope, headers)
    else:
        is_foreign = not _is_local(origin.partition(b"://")[2], address)
    if is_foreign:
        raise Refusal(403, f"This request came from a web page of another site, and no keys exist. {_CREATE_KEY}")
    host = headers.get(b"host")
    if host is None or _is_local(host, address):  # no browser leaves it out
        return
    raise Refusal(421, f"Without keys, this service answers only to localhost, not to another name. {_CREATE_KEY}")


def follows_link(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser goes to this address as a page of its own, and so shows it to nobody but its user."""
    goes = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    return goes and scope["method"] == "GET"


def _is_local(host: bytes, address: str) -> bool:
    """Whether a host, with or without a port, names this machine; `address` is one of its addresses."""
    name = host.decode("latin-1").lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    return name == "localhost" or name == address or is_loopback(name)


@lru_cache(maxsize=256)  # callers name the same few
def is_loopback(address: str) -> bool:
    """Whether a text is an address of this machine that no other machine can reach."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
