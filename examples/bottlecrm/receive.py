"""Subscribes to decisions of a service, and prints each message whose signature is right.

.venv/bin/python examples/bottlecrm/receive.py http://127.0.0.1:8000
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.request import Request, urlopen

from standardwebhooks import Webhook  # pip install standardwebhooks


class Receiver(BaseHTTPRequestHandler):
    """Takes messages at any path."""

    secret = ""

    def do_POST(self) -> None:  # the name that http.server calls
        """Verify a message, and print what it says."""
        content = self.rfile.read(int(self.headers["content-length"]))
        # It raises if this was not signed with the secret, or more than five minutes ago.
        message: Any = Webhook(self.secret).verify(content, dict(self.headers))
        self.send_response(204)
        self.end_headers()
        data = message["data"]
        print(f"{message['type']}  {data['lead']}  score {data['score']}: {data['recommendation']}", flush=True)

    def log_message(self, format: str, *arguments: Any) -> None:  # as in http.server
        """Nothing: what is verified is printed."""


def main() -> None:
    """Subscribe, and receive until the process is stopped."""
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    hook = {"url": f"http://127.0.0.1:{server.server_port}/", "kinds": ["lead.promoted", "lead.demoted"]}
    request = Request(f"{sys.argv[1]}/v1/hooks", json.dumps(hook).encode(), {"Content-Type": "application/json"})
    Receiver.secret = json.load(urlopen(request))["secret"]
    print("Subscribed.", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
