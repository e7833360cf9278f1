"""What every page and every API answer works with, wired once by `portal.app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, cast

from flask import current_app

from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.config import Settings
from portal.people import tokens
from portal.people.login import Door
from portal.people.login.local import here
from portal.people.tokens import Sender
from portal.people.uses import TokenUses
from portal.runs.press import Press, Pressed, press_together
from portal.store import Store
from portal.store.together import Together

EXTENSION = "kesuan"


@dataclass(frozen=True)
class Services:
    """One portal: its settings, its database, its templates, its shares, its way to log in."""

    settings: Settings
    store: Store
    catalog: Catalog
    accelerator: Accelerator
    door: Door
    away: Callable[[Callable[[], Any]], Any] = here
    """Where seconds of pure computing are done, so that the others are answered meanwhile."""

    @cached_property
    def senders(self) -> Together[str, Sender | None]:
        """Whose token a secret is; None for nobody's."""
        ask = partial(tokens.resolve_all, self.store, uses=TokenUses())
        return Together(ask, behind=self.presses)

    @cached_property
    def presses(self) -> Together[Press, Pressed]:
        """Start the run of a pupil who pressed Train; raises what `press_all` says."""
        return Together(partial(press_together, self.store, self))


def services() -> Services:
    """The services of the application that is answering."""
    return cast(Services, current_app.extensions[EXTENSION])
