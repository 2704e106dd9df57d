"""All pages of the service."""

from __future__ import annotations

from fastapi import FastAPI

from leadledger.api.pages import (
    desk_lead_routes,
    desk_list_routes,
    new_card_routes,
    releases_routes,
    sign_in_routes,
    studio_edit_routes,
    studio_publish_routes,
    studio_routes,
    studio_rule_routes,
    training_routes,
)
from leadledger.api.service.keys import Keyring
from leadledger.api.service.sessions import Sessions
from leadledger.api.studio.studio import Studio


def add(app: FastAPI, studio: Studio, keys: Keyring, sessions: Sessions) -> None:
    """Add the routes of all pages."""
    sign_in_routes.add(app, keys, sessions)
    desk_list_routes.add(app, studio.service)
    desk_lead_routes.add(app, studio.service)
    new_card_routes.add(app, studio)
    releases_routes.add(app, studio)
    studio_routes.add(app, studio)
    studio_edit_routes.add(app, studio)
    studio_rule_routes.add(app, studio)
    studio_publish_routes.add(app, studio)
    training_routes.add(app, studio.service)
