"""Distinguished names, as far as two of them have to be told apart."""

from __future__ import annotations

import re

# RFC 4514, section 3. ldap3's own parser refuses names that the standard allows, as one with a "#"
# in its middle.
_RDN = re.compile(r"\s*([A-Za-z0-9.-]+)\s*=((?:\\.|[^\\,+])*)(,|\+|\Z)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-9a-fA-F]{2}|.)", re.DOTALL)

Canonical = tuple[tuple[str, str, str], ...]


def canonical(dn: str) -> Canonical:
    """A form in which two ways to write one DN are equal; raises ValueError for no DN.

    Case and runs of spaces do not count, as caseIgnoreMatch has it (RFC 4517, section 4.2.11),
    which the attributes that people and groups are named by go by.
    """
    parts: list[tuple[str, str, str]] = []
    place, more = 0, True
    while more:
        found = _RDN.match(dn, place)
        if found is None:
            raise ValueError(f"{dn[:80]!r} is no DN")
        name, value, then = found.groups()
        parts.append((name.lower(), _plain(value), then))
        place, more = found.end(), bool(then)
    return tuple(parts)


def is_below(dn: str, base: str) -> bool:
    """Whether an entry is below another; False for what is no DN."""
    try:
        inner, outer = canonical(dn), canonical(base)
    except ValueError:
        return False
    return len(inner) > len(outer) and inner[-len(outer) :] == outer


def is_same(dn: str, other: str) -> bool:
    """Whether two DNs name one entry; False for what is no DN."""
    try:
        return canonical(dn) == canonical(other)
    except ValueError:
        return False


def _plain(value: str) -> str:
    raw = _ESCAPED.sub(_unescaped, value.encode("utf-8", "surrogatepass"))
    return " ".join(raw.decode("utf-8", "replace").casefold().split())


def _unescaped(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    return bytes.fromhex(escaped.decode()) if len(escaped) == 2 else escaped
