"""nginx and Caddy in front of services, with the configuration files of examples/operations, on free ports."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "operations"
NAME = "leads.example.org"
PATIENCE = 60  # seconds
CALLER = "127.0.0.9"  # of this machine, as any address of 127.0.0.0/8 is on Linux; the proxy calls from 127.0.0.1


@dataclass
class Proxy:
    """A proxy that serves TLS at a port, and sends people there from another one (0: it doesn't)."""

    port: int
    plain_port: int
    trusted: ssl.SSLContext

    def connect(self) -> HTTPSConnection:
        """A connection of a caller from elsewhere."""
        return HTTPSConnection(
            "localhost", self.port, timeout=PATIENCE, context=self.trusted, source_address=(CALLER, 0)
        )

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own: the answer, and its body."""
        connection = self.connect()
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            with suppress(ConnectionError, ssl.SSLEOFError):  # it refuses before it has read all, and says why
                connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


@contextmanager
def nginx(folder: Path, ports: Sequence[int]) -> Iterator[Proxy]:
    """nginx before services at some ports of this machine. Skips where it is not installed."""
    program = _find("nginx", "/usr/sbin/nginx")
    with _free_ports(2) as (port, plain):
        text = (EXAMPLES / "nginx.conf").read_text("utf-8")
        text = _put(text, "listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
        text = _put(text, "listen 80;", f"listen 127.0.0.1:{plain};")
        text = _put(text, "/etc/ssl/leadledger/", f"{folder}/")
        text = _put(text, "    server 127.0.0.1:8000;\n", "".join(f"    server 127.0.0.1:{port};\n" for port in ports))
    (folder / "leadledger.conf").write_text(text, "utf-8")
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = (
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"daemon off; pid {folder}/nginx.pid; error_log stderr warn; worker_processes 1;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; {places} include {folder}/leadledger.conf; }}\n"
    )
    (folder / "nginx.conf").write_text(main, "utf-8")
    with _running([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port, plain) as proxy:
        yield proxy


@contextmanager
def caddy(folder: Path, ports: Sequence[int]) -> Iterator[Proxy]:
    """Caddy before services at some ports of this machine. Skips where it is not installed."""
    program = _find("caddy")
    with _free_ports(1) as (port,):
        text = (EXAMPLES / "Caddyfile").read_text("utf-8")
        text = _put(
            text,
            "leads.example.org {\n",
            "{\n\tadmin off\n\tauto_https off\n}\n"
            f"https://localhost:{port} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n",
        )
        text = _put(text, "reverse_proxy 127.0.0.1:8000", f"reverse_proxy {' '.join(f'127.0.0.1:{p}' for p in ports)}")
    (folder / "Caddyfile").write_text(text, "utf-8")
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(command, folder, port, 0) as proxy:
        yield proxy


PROXIES: dict[str, Callable[..., Any]] = {"nginx": nginx, "caddy": caddy}


def _find(name: str, *places: str) -> str:
    program = shutil.which(name) or next((place for place in places if os.access(place, os.X_OK)), None)
    if program is None or shutil.which("openssl") is None:
        pytest.skip(f"{name} and openssl are not installed: apt-get install {name} openssl")
    return program


def _put(text: str, old: str, new: str) -> str:
    assert old in text, f"the example has no {old!r} any more"
    return text.replace(old, new)


@contextmanager
def _free_ports(count: int) -> Iterator[list[int]]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as held:
        yield [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


@contextmanager
def _running(command: Sequence[str], folder: Path, port: int, plain_port: int) -> Iterator[Proxy]:
    """The proxy, with a certificate of its own, once it answers; stopped at the end."""
    certificate = folder / "fullchain.pem"
    names = f"subjectAltName=DNS:localhost,DNS:{NAME}"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", str(folder / "privkey.pem")]
    made = ["-x509", "-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", names, "-out", str(certificate)]
    subprocess.run(["openssl", "req", *made, *key], check=True, capture_output=True)
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = folder / "proxy.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=errors, stderr=errors, env=environment) as process,
    ):
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
                    break
                except OSError:
                    assert process.poll() is None, log.read_text("utf-8")
                    assert time.monotonic() < deadline, log.read_text("utf-8")
                    time.sleep(0.05)
            yield Proxy(port, plain_port, ssl.create_default_context(cafile=str(certificate)))
        finally:
            process.terminate()
            process.wait(PATIENCE)


def send_plain(port: int, path: str, address: str = CALLER, **headers: str) -> HTTPResponse:
    """A request without TLS, past any proxy or to be sent on to TLS; its body is read."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(address, 0))
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()
