"""All pages of the service."""

from __future__ import annotations

from fastapi import FastAPI

from leadledger.api.pages import (
    desk_lead_routes,
    desk_list_routes,
    new_card_routes,
    releases_routes,
    sign_in_routes,
)
from leadledger.api.service.keys import Keyring
from leadledger.api.service.service import Service
from leadledger.api.service.sessions import Sessions


def add(app: FastAPI, service: Service, keys: Keyring, sessions: Sessions) -> None:
    """Add the routes of all pages."""
    sign_in_routes.add(app, keys, sessions)
    desk_list_routes.add(app, service)
    desk_lead_routes.add(app, service)
    new_card_routes.add(app, service)
    releases_routes.add(app, service)
