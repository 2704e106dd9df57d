"""The views of the list that people have named, in the database of the log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from leadledger.api.log import tables
from leadledger.api.log.database import write_whole
from leadledger.api.log.record import now

MOST_VIEWS_PER_KEY = 50
_VIEWS = tables.saved_views.c


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view that somebody has named: the query of its address, without the page; empty: the usual view."""

    name: str
    query: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"/desk?{self.query}" if self.query else "/desk"

    def to_dict(self) -> dict[str, str]:
        """Flat JSON."""
        return {"name": self.name, "query": self.query, "path": self.path}


class ViewStore:
    """The views of each key, by its id (empty: the service needs no keys). Raises SQLAlchemyError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def list_all(self, key: str) -> list[SavedView]:
        """The views of a key, by name."""
        query = select(_VIEWS.name, _VIEWS.query).where(_VIEWS.key == key)
        with self.engine.connect() as connection:
            return sorted((SavedView(*row) for row in connection.execute(query)), key=lambda view: view.name.casefold())

    def save(self, key: str, view: SavedView) -> bool:
        """Keep a view, in place of that of the same name. False: the key has as many as it may have."""

        def write(connection: Connection) -> bool:
            is_same = (_VIEWS.key == key) & (_VIEWS.name == view.name)
            row = {"query": view.query, "at": now()}
            if connection.execute(update(tables.saved_views).where(is_same).values(row)).rowcount:
                return True
            query = select(func.count()).select_from(tables.saved_views).where(_VIEWS.key == key)
            if connection.execute(query).scalar_one() >= MOST_VIEWS_PER_KEY:
                return False
            connection.execute(insert(tables.saved_views).values(key=key, name=view.name, **row))
            return True

        return write_whole(self.engine, write)

    def remove(self, key: str, name: str) -> bool:
        """Forget a view. False: the key has none of this name."""
        statement = delete(tables.saved_views).where(_VIEWS.key == key, _VIEWS.name == name)
        return bool(write_whole(self.engine, lambda connection: connection.execute(statement).rowcount))
