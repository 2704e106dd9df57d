"""`leadledger serve`: the web service as a process, or several."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from uvicorn.supervisors import Multiprocess

from leadledger.api.app import create_app
from leadledger.api.http.local_callers import is_loopback
from leadledger.api.server.accept import AcceptingServer
from leadledger.api.server.worker import Worker
from leadledger.api.service.keys import Keyring
from leadledger.api.service.metrics import FOLDER_VARIABLE
from leadledger.api.service.program_log import take_over
from leadledger.api.service.settings import Settings
from leadledger.scoring.errors import ScoringError
from leadledger.scoring.scorecard import Scorecard

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> int:
    """Serve until a signal ends it. Returns the exit status: 0 stopped, 1 refused to start (stderr says why).

    With several workers, that many processes serve, and this one supervises them. Port 0 takes any free port. Two lines
    on stdout say where it listens and who has access. Without keys it listens only to this machine.
    """
    try:
        app = create_app(settings, late=True)
    except ScoringError as error:
        print(error, file=sys.stderr)
        return 1
    keys: Keyring = app.state.keys
    if keys.problem:
        print(keys.problem, file=sys.stderr)
        return 1
    if not keys.needed and not _is_local(host):
        print(_NO_KEYS_MESSAGE.format(host=host, home=settings.home), file=sys.stderr)
        return 1
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]  # the rest repeats the address
        print(
            f"Can't listen on {_address(host, port)}: {reason}. Choose another with --host or --port.", file=sys.stderr
        )
        return 1
    # The socket already listens: a request that arrives now waits a moment and is answered.
    print(
        _greet(app.state.service.loaded.card, _address(host, listener.getsockname()[1])),
        _describe_access(keys),
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
    """Run several processes, each with its own app, until a signal ends them. Replaces one that dies, and logs it."""
    gc.enable()  # see api/cli/serve.py
    app.state.service.close()  # this app only showed that it can be created; the workers serve their own
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    with TemporaryDirectory(prefix="leadledger-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder  # the workers count together
        Multiprocess(
            Worker(settings, parent=os.getpid(), needs_keys=app.state.keys.needed).config(workers), [listener]
        ).run()


def _greet(card: Scorecard, address: str) -> str:
    source = f"release {card.release}" if card.release else "rules alone"
    return f"Serving {card.card.name} ({source}) at http://{address}, documented at /docs. Stop it with Ctrl-C."


def _describe_access(keys: Keyring) -> str:
    if not keys.needed:
        return (
            "No keys exist: every program on this machine has full access, and no other machine has any."
            " `leadledger keys add` creates a key."
        )
    return f"{keys.working:,} key{'s have' if keys.working != 1 else ' has'} access, each within its scopes."


_NO_KEYS_MESSAGE = """\
Other machines can reach {host}, and {home} has no keys, so anybody would have full access. Create a key first:
    leadledger keys add NAME --scope score --home {home}
or leave out --host to serve only this machine."""


def _is_local(host: str) -> bool:
    """Whether no other machine can reach a host. For a name, that must be true of all its addresses."""
    if is_loopback(host):
        return True
    try:
        addresses = socket.getaddrinfo(host, None) if host else []
    except OSError:
        return False
    return bool(addresses) and all(is_loopback(str(socket_address[0])) for *_, socket_address in addresses)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
