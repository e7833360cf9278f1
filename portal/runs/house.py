"""What starting a run needs of the portal, without importing the portal that is wired above."""

from __future__ import annotations

from typing import Protocol

from portal.accelerators import Accelerator
from portal.catalog import Catalog
from portal.config import Settings


class House(Protocol):
    """Settings, templates and shares of one portal."""

    @property
    def settings(self) -> Settings:
        """What the site decided."""
        ...

    @property
    def catalog(self) -> Catalog:
        """The templates."""
        ...

    @property
    def accelerator(self) -> Accelerator:
        """What a share is here."""
        ...
