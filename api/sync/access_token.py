"""An access token of OAuth's client credentials flow: fetched when it is needed, and anew where it has expired.

https://datatracker.ietf.org/doc/html/rfc6749#section-4.4
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadledger.api.sync.api_client import ApiAnswer, ApiClient
from leadledger.scoring.errors import SyncError


@dataclass
class AccessToken:
    """The token for the calls of an API, `client`, which never repeats it in an error.

    `source` asks at `path` with a `form`, which holds secrets; None: the token was given, and can't be fetched anew.
    `mend` says which settings to look at where it is refused.
    """

    client: ApiClient
    mend: str
    source: ApiClient | None = None
    path: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    value: str = ""

    def call(self, name: str, method: str, path: str, headers: Mapping[str, str], **options: Any) -> ApiAnswer:
        """A call of the API with the token, and with a new one where that has expired (401). Raises SyncError."""
        answer = self.client.call(name, method, path, headers={**headers, **self._write_header()}, **options)
        if answer.status == 401 and self._renew():
            answer = self.client.call(name, method, path, headers={**headers, **self._write_header()}, **options)
        return answer

    def _write_header(self) -> dict[str, str]:
        if not self.value:
            self.value = self._fetch()
            for client in filter(None, (self.client, self.source)):
                client.secrets = (*client.secrets, self.value)
        return {"Authorization": f"Bearer {self.value}"}

    def _renew(self) -> bool:
        """Forget a token that was refused; whether another can be fetched."""
        if self.source is None:
            return False
        self.value = ""
        return True

    def close(self) -> None:
        """Let connections go."""
        if self.source is not None:
            self.source.close()

    def _fetch(self) -> str:
        if self.source is None:
            raise SyncError(f"{self.client.title} has no access token; {self.mend}")
        answer = self.source.call("the access token", "POST", self.path, form=self.form, accepted=(200, 400, 401, 403))
        if answer.status != 200:
            raise SyncError(
                f"{answer.call}: no access token is given ({answer.status}){self.source.quote(answer.body)};"
                f" {self.mend}"
            )
        token = str(answer.read("access_token", str))
        if not token.isascii() or not token.isprintable() or not token:
            raise SyncError(f"{answer.call}: the access token holds signs that can't be sent")
        return token
