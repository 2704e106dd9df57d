"""`leadledger serve`: the web service as a process."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

from api.accept import Server
from api.app import create_app
from api.guard import is_loopback
from api.keys import Keyring
from api.program_log import Log, take_over
from api.server import Protocol, Sweeper
from api.settings import Settings
from scoring.errors import ScoringError
from scoring.scorecard import Scorecard

PATIENCE = 10  # seconds that a stop waits for requests that are being answered
# Seconds that an idle connection is kept. Proxies keep theirs for 60 and must be the first to give up: else they send a
# request into a connection that is being closed.
IDLE = 75


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000) -> int:
    """Serve until a signal ends it; returns the exit status: 0 stopped, 1 refused to start (stderr says why).

    Port 0 takes any free one. Two lines on stdout say where it listens, and who may ask. Without keys it listens to
    this machine only.
    """
    try:
        app = create_app(settings)
    except ScoringError as error:
        print(error, file=sys.stderr)
        return 1
    keys: Keyring = app.state.keys
    if keys.problem:
        print(keys.problem, file=sys.stderr)
        return 1
    if not keys.needed and not _is_here(host):
        print(_NO_KEYS.format(host=host, home=settings.home), file=sys.stderr)
        return 1
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]  # the rest repeats the address
        print(f"Can't listen on {_address(host, port)}: {reason}. Choose others with --host, --port.", file=sys.stderr)
        return 1
    log: Log = app.state.log
    sweeper = Sweeper(lambda: server.server_state.connections, settings.max_arrival, log)
    server = Server(configured(app, sweeper.sweep))
    _lift_limit_of_files()
    # What is loaded by now lives as long as the process: the collector need not walk it again.
    gc.collect()
    gc.freeze()
    # The socket listens already: a request that comes now waits a moment, and is answered.
    print(_greeting(app.state.card, _address(host, listener.getsockname()[1])), _callers(keys), sep="\n", flush=True)
    undo = take_over(log)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        undo()
    return 0


def configured(app: Any, notify: Callable[[], Any]) -> uvicorn.Config:
    """How uvicorn runs the app; `notify` is called about once a second."""
    return uvicorn.Config(
        app,
        http=Protocol,
        loop="auto",  # uvloop, wherever it can be installed
        ws="none",
        log_config=None,  # its lines go where ours do
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here rests on where a caller says that it comes from
        callback_notify=notify,
        timeout_notify=0,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=PATIENCE,
    )


def _greeting(card: Scorecard, address: str) -> str:
    what = f"release {card.release}" if card.release else "rules alone"
    return f"Serving {card.card.name} ({what}) at http://{address}, documented at /docs. Stop it with Ctrl-C."


def _callers(keys: Keyring) -> str:
    if not keys.needed:
        return (
            "No keys are made: every program on this machine may ask anything, and no other machine can."
            " `leadledger keys add` makes one."
        )
    return f"{keys.working} key{'s' * (keys.working != 1)} may ask, each what its scopes allow."


_NO_KEYS = """\
{host} can be reached from other machines, and {home} has no keys, so anybody could ask anything. Make a key first:
    leadledger keys add NAME --scope score --home {home}
or leave --host out, to serve this machine only."""


def _is_here(host: str) -> bool:
    """Whether a host is this machine by an address that no other can reach. A name is, if all its addresses are."""
    if is_loopback(host):
        return True
    try:
        found = socket.getaddrinfo(host, None) if host else []
    except OSError:
        return False
    return bool(found) and all(is_loopback(str(one[4][0])) for one in found)


def _lift_limit_of_files() -> None:
    """Let the process have as many connections as the system allows it: the usual first limit is 1,024 open files."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
