"""A site with schools whose accounts are planned."""

from __future__ import annotations

from tests.doctor.conftest import settings

__all__ = ["settings"]
