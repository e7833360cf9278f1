"""The application: the rooms wired together, and nothing else."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import api, web
from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.config import Settings
from portal.people.login import open_door
from portal.services import EXTENSION, Services
from portal.store import Store
from portal.web import hashing


def create_app(settings: Settings) -> Flask:
    """A Flask application for one portal. Raises OSError where its secret key cannot be read."""
    app = Flask(
        "portal",
        static_folder="web/static",
        template_folder="web/templates",
        static_url_path="/static",
    )
    app.secret_key = settings.portal.secret_key_file.read_bytes().strip()
    store = Store(settings.database)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        store=store,
        catalog=Catalog(settings.templates.folders),
        accelerator=Accelerator.from_settings(settings.accelerator),
        door=open_door(settings, store, hashing.away),
        away=hashing.away,
    )
    if settings.web.trusted_proxies:
        hops = settings.web.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    web.register(app)
    api.register(app)
    return app
