"""How long the tokens of scripts live."""

from __future__ import annotations

from dataclasses import dataclass

from portal.config.setting import setting


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Secrets that scripts send instead of a password."""

    days: int = setting("Days that a token lives unless asked otherwise.", 30, low=1, high=3650)
    most_days: int = setting(
        "Most days that anybody may ask for; not less than tokens.days.", 365, low=1, high=3650
    )
