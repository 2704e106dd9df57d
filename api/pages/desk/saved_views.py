"""Views of the list under a name, kept for all who sign in with the same key: named, listed, forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leadledger.api.pages.desk.list_query import VIEWS, DeskQuery, find_list, read_desk_query
from leadledger.api.requests.body import is_encodable, read_object
from leadledger.api.requests.json_text import name_kind
from leadledger.api.requests.mistakes import ROOT, Mistakes, Refusal, shorten
from leadledger.api.requests.parameters import read_pairs
from leadledger.api.service.history import read_log
from leadledger.api.service.lead_list import list_parameter_names
from leadledger.api.service.scoring import today
from leadledger.api.service.service import Service
from leadledger.scoring.errors import did_you_mean
from leadledger.scoring.scorecard import Card

if TYPE_CHECKING:
    from leadledger.api.log.view_store import SavedView

LONGEST_VIEW_NAME = 60
LONGEST_VIEW_QUERY = 2_000
_EXAMPLE = '{"name": "To call in Norway", "query": "view=call&field.country=NO"}'
_PAGING = ("after", "limit", "details")  # no part of a view
_PLAIN_SIGNS = "%=&+-_.~,:/"  # that stay as they are where a query is read


async def list_views(service: Service, key: str) -> list[SavedView]:
    """The views that a key has named, by name. Raises Refusal: there is no log (404), or it fails (503)."""
    from leadledger.api.log.view_store import ViewStore

    return await read_log(service, lambda log: ViewStore(log.store.engine).list_all(key))


async def save_view(service: Service, key: str, body: Any) -> SavedView:
    """Name a view, or have another under a name that there is; `body` is an object with `name` and `query`.

    Raises Refusal: it has mistakes (422), there are too many (409), there is no log (404), it fails (503).
    """
    from leadledger.api.log.view_store import MOST_VIEWS_PER_KEY, ViewStore

    card, mistakes = service.loaded.card.card, Mistakes()
    view = read_view(body, card, mistakes)
    if mistakes:
        raise mistakes.to_refusal("saved")
    if not await read_log(service, lambda log: ViewStore(log.store.engine).save(key, view)):
        raise Refusal(409, f"You have {MOST_VIEWS_PER_KEY} views already; forget one of them first.")
    return view


async def forget_view(service: Service, key: str, name: str) -> None:
    """Forget a view. Raises Refusal: there is none of this name, or no log (404), or it fails (503)."""
    from leadledger.api.log.view_store import ViewStore

    if not await read_log(service, lambda log: ViewStore(log.store.engine).remove(key, name)):
        raise Refusal(404, "You have no view of this name.")


def read_view(body: Any, card: Card, mistakes: Mistakes) -> SavedView:
    """The view that a body names; mistakes are noted."""
    from leadledger.api.log.view_store import SavedView

    members = read_object(body, ("name", "query"), (), _EXAMPLE, mistakes)
    texts = {}
    for member, most in (("name", LONGEST_VIEW_NAME), ("query", LONGEST_VIEW_QUERY)):
        text = members.get(member, "")
        texts[member] = text.strip() if isinstance(text, str) else ""
        if not isinstance(text, str):
            mistakes.add((*ROOT, member), f"is {name_kind(text)}; send a text")
        elif len(texts[member]) > most:
            mistakes.add((*ROOT, member), f"is longer than {most:,} characters", text)
        elif not is_encodable(text) or not all(sign.isprintable() for sign in texts[member]):
            mistakes.add((*ROOT, member), "holds a sign that nobody sees", text)
        elif member == "name" and member in members and not texts[member]:
            mistakes.add((*ROOT, member), "is empty; send what you want to call the view")
    if mistakes:
        return SavedView("", "")
    return SavedView(texts["name"], _read_query(texts["query"], card, mistakes))


def _read_query(text: str, card: Card, mistakes: Mistakes) -> str:
    """The query of an address of the desk, as the desk writes it, without the page."""
    names = ("view", *(name for name in list_parameter_names(card) if name not in _PAGING))
    text = quote(text.removeprefix("/desk").removeprefix("?"), safe=_PLAIN_SIGNS)
    pairs = list(read_pairs(text.encode(), names, mistakes))
    view = dict(pairs).get("view", VIEWS[0])
    if view not in VIEWS:
        mistakes.add(("?view",), f"isn't one of its values.{did_you_mean(shorten(view), VIEWS)}", view)
    query = read_desk_query(pairs, card)
    find_list(query, card, today(card.time_zone), mistakes)
    return write_query(query)


def write_query(query: DeskQuery) -> str:
    """What an address of the desk asks for, as a saved view keeps it: of whatever page."""
    return query.write(after=None).partition("?")[2]
