"""Sentences as JSON: they cross from the worker to the portal, and lie in manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal.language import Message

LONGEST_LIST = 3
LONGEST_WORD = 60


class Malformed(ValueError):
    """JSON that the portal did not write."""


def plain(message: Message) -> dict[str, Any]:
    """A message as JSON data; its values must be numbers, text, or messages."""
    values = {k: plain(v) if isinstance(v, Message) else v for k, v in message.values.items()}
    return {"msgid": message.msgid, "values": values}


def message(found: object) -> Message:
    """The message that `plain` wrote. Raises `Malformed` for anything else."""
    if not isinstance(found, Mapping):
        raise Malformed("not a message")
    msgid, values = found.get("msgid"), found.get("values")
    if not isinstance(msgid, str) or not isinstance(values, Mapping):
        raise Malformed("not a message")
    return Message(msgid, {str(k): _value(v) for k, v in values.items()})


def messages(found: object) -> tuple[Message, ...]:
    """A JSON list of messages. Raises `Malformed` for anything else."""
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise Malformed("not a list of messages")
    return tuple(message(item) for item in found)


def _value(found: object) -> object:
    if isinstance(found, Mapping):
        return message(found)
    if isinstance(found, str | int | float):
        return found
    raise Malformed("a message holds numbers and text only")


def word(text: str) -> str:
    """A name out of somebody's file, fit to stand in a sentence: visible and short."""
    visible = "".join(c if c.isprintable() else "�" for c in text)
    return visible if len(visible) <= LONGEST_WORD else visible[: LONGEST_WORD - 1] + "…"


def words(texts: Iterable[str]) -> str:
    """The first few names, to name examples in a sentence."""
    listed = [word(text) for text in texts]
    more = ", …" if len(listed) > LONGEST_LIST else ""
    return ", ".join(listed[:LONGEST_LIST]) + more
