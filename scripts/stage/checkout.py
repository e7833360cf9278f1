"""Where this checkout lies, and the folder below which everything that runs is kept."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
SERVICE_USER = "kesuan"


class StageError(Exception):
    """Something that a person can act on; its text is printed as one line."""
