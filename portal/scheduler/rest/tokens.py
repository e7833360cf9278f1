"""Tokens for slurmrestd: short-lived, renewed before they end, and never shown.

Two signers, for two kinds of site. A command (`scontrol token …`, or a site's own by ssh or sudo)
keeps the key with the centre: who has the command can be the service user and nobody else. A key
file needs no command on this machine, but its holder can be any user of the cluster, root too.
The token is an HS256 one (https://slurm.schedmd.com/jwt.html#compatibility). It is only ever made
here and checked by Slurm, which takes an HMAC of the standard library's and two base64 words, so
no library for tokens is needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from portal.scheduler.rest.faults import NoToken, TokenRefused

_COMPACT = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}")
# After a failure, so that a signer that is out of order is not asked at every poll.
PAUSE_S = 5.0


class Signer(Protocol):
    """Makes one token for the service user."""

    def sign(self, user: str, life_s: int, now: float) -> str:
        """A token that is good from now on for that many seconds; raises `NoToken`."""


@dataclass(frozen=True)
class KeySigner:
    """Signs with the cluster's own key."""

    key_file: Path

    def sign(self, user: str, life_s: int, now: float) -> str:
        try:
            key = self.key_file.read_bytes()
        except OSError as cause:
            raise NoToken(f"{self.key_file}: {cause.strerror}") from cause
        if len(key) < 32:
            raise NoToken(f"{self.key_file}: a key of HS256 has at least 32 bytes")
        header = {"alg": "HS256", "typ": "JWT"}
        claims = {"iat": int(now), "exp": int(now) + life_s, "sun": user}
        signed = f"{_encoded(_json(header))}.{_encoded(_json(claims))}"
        return f"{signed}.{_encoded(hmac.digest(key, signed.encode(), hashlib.sha256))}"


@dataclass(frozen=True)
class CommandSigner:
    """Asks a command, in whose words {user} and {seconds} are filled in.

    It prints the token alone, or as scontrol does: SLURM_JWT=token.
    """

    command: Sequence[str]
    timeout_s: float = 20.0

    def sign(self, user: str, life_s: int, now: float) -> str:  # noqa: ARG002, the command's clock counts
        words = [w.replace("{user}", user).replace("{seconds}", str(life_s)) for w in self.command]
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=self.timeout_s,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as cause:
            raise NoToken(f"{words[0]}: {type(cause).__name__}") from None
        token = done.stdout.strip().removeprefix("SLURM_JWT=").strip()
        if done.returncode != 0 or not _COMPACT.fullmatch(token):
            # Standard output is not repeated here: there may be most of a token in it.
            complaint = _COMPACT.sub("(a token)", done.stderr.strip())[-300:]
            raise NoToken(f"{words[0]}: exit code {done.returncode}, no token. {complaint}")
        return token


@dataclass
class Tokens:
    """The token in use. It is renewed when half of its life is over, and at once after `drop`.

    Half, so that a request with a time limit of less than that never sees its token end, and so
    that a signer that is out of order for a while stops nobody: the old token goes on being used
    until three quarters of its life are over. A signer that fails, or whose tokens Slurm turns down
    one after the other, is left alone for `PAUSE_S` seconds.
    """

    signer: Signer
    user: str
    life_s: int = 600
    clock: Callable[[], float] = time.time
    _token: str = field(default="", repr=False)
    _signed_at: float = 0.0
    _ends_at: float = 0.0
    _refused_at: float = -math.inf
    _paused_at: float = -math.inf
    _fault: NoToken | TokenRefused | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def current(self) -> str:
        """A token with life before it; raises `NoToken` or `TokenRefused`."""
        with self._lock:
            now = self.clock()
            # A clock that was set back makes a token look younger than Slurm thinks it is.
            used = (now - self._signed_at) / max(self._ends_at - self._signed_at, 1e-9)
            good = bool(self._token) and used >= 0
            if good and used < 0.5:
                return self._token
            try:
                self._renew(now)
            except (NoToken, TokenRefused):
                if not good or used >= 0.75:
                    raise
            return self._token

    def drop(self, token: str) -> None:
        """Slurm did not take this token: the next one is a new one."""
        with self._lock:
            if self._token != token:
                return
            now = self.clock()
            if 0 <= now - self._refused_at < 2 * PAUSE_S:
                self._paused_at = now
                self._fault = TokenRefused("a new one is asked for in some seconds")
            self._token, self._refused_at = "", now

    def _renew(self, now: float) -> None:
        if self._fault is not None and 0 <= now - self._paused_at < PAUSE_S:
            raise self._fault.with_traceback(None)
        try:
            self._token = self.signer.sign(self.user, self.life_s, now)
        except NoToken as fault:
            self._fault, self._paused_at = fault, now
            raise
        self._signed_at, self._fault = now, None
        self._ends_at = min(_end_of(self._token), now + self.life_s)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _end_of(token: str) -> float:
    """When the token ends by its own word; far away if it does not say."""
    claims = token.split(".")[1]
    try:
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        end = float(said["exp"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return math.inf
    return end if math.isfinite(end) else math.inf
