"""Calls of Odoo's methods: by JSON-2 from Odoo 19 on, by JSON-RPC before it.

- JSON-2: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
- JSON-RPC: https://www.odoo.com/documentation/18.0/developer/howtos/web_services.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.api.sync.api_client import ApiAnswer, ApiClient
from leadledger.scoring.errors import SyncError

_REFUSALS = (400, 401, 403, 404, 409, 422)
# What a transaction stumbles over that is gone when it is tried again.
_PASSING = ("SerializationFailure", "DeadlockDetected", "LockNotAvailable", "LockError", "ConcurrencyError")


class OdooRefusal(Exception):
    """An exception of Odoo: its name, its text in one line, and the call that met it."""

    def __init__(self, call: str, status: int, name: str, text: str) -> None:
        self.call, self.status, self.name, self.text = call, status, name, text
        super().__init__(text)

    @property
    def may_retry(self) -> bool:
        """Whether it may be gone the next time."""
        return any(word in self.name for word in _PASSING)


@dataclass
class OdooCalls:
    """The methods of one database. `login` empty: by JSON-2, with a key alone; else by JSON-RPC."""

    client: ApiClient
    key: str
    database: str = ""
    login: str = ""
    user: int = 0  # that JSON-RPC wants, once it is known

    def execute(
        self,
        name: str,
        model: str,
        method: str,
        ids: Sequence[int] = (),
        *,
        context: Mapping[str, Any] | None = None,
        takes_failure: bool = False,
        **arguments: Any,
    ) -> ApiAnswer:
        """One call of a method; the body of the answer is what it returns. `name` says for people what it does.

        `takes_failure`: a server's error of this call is not tried again, since a mistake in the values may be its
        reason. Raises SyncError, OdooRefusal.
        """
        if self.login:
            return self._execute_rpc(name, model, method, ids, context, arguments)
        headers = {"Authorization": f"bearer {self.key}"}
        if self.database:
            headers["X-Odoo-Database"] = self.database
        body: dict[str, Any] = {"ids": list(ids)} if ids else {}
        body |= {"context": dict(context)} if context else {}
        answer = self.client.call(
            name,
            "POST",
            f"/json/2/{model}/{method}",
            body={**body, **arguments},
            headers=headers,
            accepted=(200, *_REFUSALS, *((500,) if takes_failure else ())),
        )
        if answer.status != 200:
            raise self._refuse(answer, answer.body)
        return answer

    def _execute_rpc(
        self,
        name: str,
        model: str,
        method: str,
        ids: Sequence[int],
        context: Mapping[str, Any] | None,
        arguments: Mapping[str, Any],
    ) -> ApiAnswer:
        if not self.user:
            user = self._call_rpc("the login", "common", "login", [self.database, self.login, self.key]).body
            if not isinstance(user, int) or isinstance(user, bool):
                raise OdooRefusal(f"{self.client.title} (the login)", 401, "AccessDenied", "")
            self.user = user
        named = {**arguments, **({"context": dict(context)} if context else {})}
        place = [self.database, self.user, self.key, model, method, [list(ids)] if ids else [], named]
        return self._call_rpc(name, "object", "execute_kw", place)

    def _call_rpc(self, name: str, service: str, method: str, place: Sequence[Any]) -> ApiAnswer:
        params = {"service": service, "method": method, "args": place}
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        answer = self.client.call(name, "POST", "/jsonrpc", body=body, accepted=(200, *_REFUSALS))
        if answer.status != 200:
            raise self._refuse(answer, answer.body)
        if not isinstance(answer.body, dict) or not {"result", "error"} & answer.body.keys():
            if method == "login":
                answer.read("result", int)
            raise SyncError(
                f"{answer.call} answered without 'result'. Is the address that of Odoo, and does nothing stand between,"
                " such as a proxy's page? Nothing of this answer was used."
            )
        if "error" in answer.body:
            error = answer.body["error"]
            raise self._refuse(answer, error.get("data") if isinstance(error, dict) else None)
        return ApiAnswer(answer.call, answer.status, answer.body["result"], answer.headers)

    def _refuse(self, answer: ApiAnswer, body: Any) -> OdooRefusal:
        """An exception as Odoo describes it; its traceback is left out."""
        name = body.get("name") if isinstance(body, dict) else None
        text = self.client.quote({"message": body.get("message")} if isinstance(body, dict) else None)
        return OdooRefusal(answer.call, answer.status, name if isinstance(name, str) else "", text)
