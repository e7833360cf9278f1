"""The two languages of the house, and sentences that wait for their reader.

Rooms below the web do not know who will read a sentence, so they hand over a `Message`: an
English sentence with its values beside it. The edges (web, api, cli) put it into the reader's
language with the gettext catalogue in `portal/locale`. Data that people write in both languages
(a template's labels, say) is a `Text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from pathlib import Path

from babel.support import Translations

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"
DOMAIN = "portal"


@dataclass(frozen=True)
class Text:
    """One thing said in both languages by whoever wrote the data."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text for a reader of `language` (anything but Chinese reads English)."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True)
class Message:
    """An English sentence with `{name}` places, and the values that go there.

    A value may itself be a `Message` or a `Text`; it is put into the reader's language first.
    """

    msgid: str
    values: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, language: str) -> str:
        """The sentence for a reader of `language`; English where no translation exists."""
        sentence = translations(language).gettext(self.msgid)
        return sentence.format_map({k: _said(v, language) for k, v in self.values.items()})

    def __str__(self) -> str:
        return self.in_language("en")


def N_(msgid: str, **values: object) -> Message:  # noqa: N802 - gettext's own name for "mark this"
    """Mark a sentence for translation where it is written: `N_("Seat {seat} waits.", seat=7)`."""
    return Message(msgid, values)


def _said(value: object, language: str) -> object:
    return value.in_language(language) if isinstance(value, Message | Text) else value


def locale_folder() -> Path:
    """Where the compiled catalogues lie."""
    return Path(str(files("portal"))) / "locale"


@cache
def translations(language: str) -> GNUTranslations | NullTranslations:
    """The gettext catalogue of a language; English is the language of the msgids."""
    if not language.startswith("zh"):
        return NullTranslations()
    return Translations.load(str(locale_folder()), ["zh"], DOMAIN)
