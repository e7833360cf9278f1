"""The reader's language on a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping

from portal.language import DEFAULT_LANGUAGE, Message


def language(environment: Mapping[str, str] | None = None) -> str:
    """zh or en, from the first of LC_ALL, LC_MESSAGES and LANG that says something."""
    env = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name, ""):
            return "zh" if value.startswith("zh") else "en"
    return DEFAULT_LANGUAGE if env.get("LANGUAGE", "").startswith("zh") else "en"


def said(message: Message) -> str:
    """A sentence in the reader's language."""
    return message.in_language(language())
