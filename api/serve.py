"""`leadledger serve`: the web service as a process."""

from __future__ import annotations

import gc
import socket
import sys

import uvicorn

from api.app import create_app
from api.settings import Settings
from scoring.errors import ScoringError
from scoring.scorecard import Scorecard

PATIENCE = 10  # seconds that a stop waits for requests that are being answered


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000) -> int:
    """Serve until a signal ends it; returns the exit status: 0 stopped, 1 refused to start (stderr says why).

    Port 0 takes any free one. A line on stdout says where it listens.
    """
    try:
        app = create_app(settings)
    except ScoringError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]  # the rest repeats the address
        print(f"Can't listen on {_address(host, port)}: {reason}. Choose others with --host, --port.", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="auto",  # uvloop, wherever it can be installed
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    # What is loaded by now lives as long as the process: the collector need not walk it again.
    gc.collect()
    gc.freeze()
    # The socket listens already: a request that comes now waits a moment, and is answered.
    print(_greeting(app.state.card, _address(host, listener.getsockname()[1])), flush=True)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    return 0


def _greeting(card: Scorecard, address: str) -> str:
    what = f"release {card.release}" if card.release else "rules alone"
    return f"Serving {card.card.name} ({what}) at http://{address}, documented at /docs. Stop it with Ctrl-C."


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
