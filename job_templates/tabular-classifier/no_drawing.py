"""BaseML without its drawing.

BaseML (2.0.0) imports matplotlib and yellowbrick for plots that nobody sees on a node. They cost
half a second of CPU for every seat, and matplotlib looks for a writable home to keep its fonts in.
"""

from __future__ import annotations

import sys
from types import ModuleType

DRAWING = (
    "matplotlib",
    "matplotlib.pyplot",
    "yellowbrick",
    "yellowbrick.classifier",
    "yellowbrick.cluster",
    "yellowbrick.features",
    "yellowbrick.regressor",
)


class _Blank(ModuleType):
    """A module in which every name may be imported and none does anything."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def leave_out_drawing() -> None:
    """Puts blanks where the drawing libraries would be loaded; call it before BaseML's import."""
    for name in DRAWING:
        blank = _Blank(name)
        blank.__path__ = []
        sys.modules.setdefault(name, blank)
