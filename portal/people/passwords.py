"""Password hashes, and passwords that a child can type.

Argon2id with the least cost that OWASP names (19 MiB, two passes, one lane), because forty seats
log in within the same half minute on a small machine:
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 256
PIN_DIGITS = 6
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# No 0 and o, no 1 and l and i: they are read from a slip of paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(plain: str) -> str:
    """The hash that is kept instead of the password."""
    return _HASHER.hash(_bytes(plain))


def check(hashed: str, plain: str) -> bool:
    """Whether `plain` is the password behind `hashed`."""
    if len(plain) > LONGEST:
        return False
    try:
        return _HASHER.verify(hashed, _bytes(plain))
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(hashed: str) -> bool:
    """Whether a hash was made with other costs than today's."""
    return _HASHER.check_needs_rehash(hashed)


def readable() -> str:
    """A new password of about 40 bits, as `abcd-2345`."""
    letters = [secrets.choice(LETTERS) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def pin() -> str:
    """A new PIN of six digits; docs/classes.md says why not four."""
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"


@cache
def decoy() -> str:
    """A hash of nobody's password: checking it takes as long as checking somebody's."""
    return hash_password(secrets.token_hex(16))


def _bytes(plain: str) -> bytes:
    # JSON may bring half a surrogate pair: a wrong password like any other.
    return plain.encode("utf-8", "surrogatepass")
