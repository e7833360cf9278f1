"""What every page and every API answer works with, wired once by `portal.app`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.config import Settings
from portal.people.login import Door
from portal.people.uses import TokenUses
from portal.store import Store

EXTENSION = "kesuan"


@dataclass(frozen=True)
class Services:
    """One portal: its settings, its database, its templates, its shares, its way to log in."""

    settings: Settings
    store: Store
    catalog: Catalog
    accelerator: Accelerator
    door: Door
    token_uses: TokenUses = field(default_factory=TokenUses)


def services() -> Services:
    """The services of the application that is answering."""
    return cast(Services, current_app.extensions[EXTENSION])
