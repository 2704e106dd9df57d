"""`leadledger serve`: the web service as a process, or several."""

from __future__ import annotations

import logging
import os
import socket
import sys
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from uvicorn.supervisors import Multiprocess

from leadledger.api.app import create_app
from leadledger.api.http.guard import is_loopback
from leadledger.api.server.accept import AcceptingServer
from leadledger.api.server.worker import Worker
from leadledger.api.service.keys import Keyring
from leadledger.api.service.metrics import FOLDER
from leadledger.api.service.program_log import take_over
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.scorecard import Scorecard

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> int:
    """Serve until a signal ends it; returns the exit status: 0 stopped, 1 refused to start (stderr says why).

    With several workers, that many processes serve, and this one looks after them. Port 0 takes any free one. Two lines
    on stdout say where it listens, and who may ask. Without keys it listens to this machine only.
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
    # The socket listens already: a request that comes now waits a moment, and is answered.
    print(
        _greeting(app.state.service.served.card, _address(host, listener.getsockname()[1])),
        _callers(keys),
        sep="\n",
        flush=True,
    )
    undo = take_over(app.state.log)
    try:
        if workers == 1:
            AcceptingServer(Worker(settings, ready=app).config()).run(sockets=[listener])
        else:
            _supervise(settings, app, listener, workers)
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        undo()
    return 0


def _supervise(settings: Settings, app: FastAPI, listener: socket.socket, workers: int) -> None:
    """Run several processes, each with an app of its own, until a signal ends them. One that dies is made anew.

    What one of them dies of, and that it is made anew, stands in the log.
    """
    app.state.service.close()  # it was made to see that it can be; none is served here
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    with TemporaryDirectory(prefix="leadledger-metrics-") as folder:
        os.environ[FOLDER] = folder  # for the workers, which count together
        Multiprocess(Worker(settings, parent=os.getpid()).config(workers), [listener]).run()


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


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
