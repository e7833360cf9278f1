"""gunicorn's entry: `gunicorn -c python:portal.gunicorn_conf portal.wsgi:application`."""

from __future__ import annotations

import os
from pathlib import Path

from portal.app import create_app
from portal.config import DEFAULT_FILE, ENVIRONMENT_VARIABLE, load

application = create_app(load(Path(os.environ.get(ENVIRONMENT_VARIABLE, DEFAULT_FILE))))
