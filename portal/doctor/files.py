"""Secrets that others could read, and the data root as this machine sees it."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from portal.config import Settings
from portal.doctor.finding import Finding, fault, ok, warn
from portal.language import N_

KEY_BYTES = 32


def look(settings: Settings) -> Iterator[Finding]:
    """Findings about files that this machine can see by itself."""
    yield user(settings)
    yield secret("secret-key", settings.portal.secret_key_file, KEY_BYTES)
    if settings.database.password_file is not None:
        yield secret("database-password", settings.database.password_file, 1)
    yield data_root(settings)


def user(settings: Settings) -> Finding:
    """Is this the user that the portal and its jobs run as?"""
    mine, wanted = pwd.getpwuid(os.geteuid()).pw_name, settings.slurm.user
    if mine == wanted:
        return ok("user", N_("Running as the service user {user}.", user=wanted))
    return warn(
        "user",
        N_("Running as {mine}, and the portal runs as {user}.", mine=mine, user=wanted),
        N_("Run: runuser -u {user} -- kesuan doctor", user=wanted),
    )


def secret(code: str, path: Path, least: int, *, raw: bool = False) -> Finding:
    """Is a secret there, long enough, and nobody else's to read?

    One that is `raw` is all of its file's bytes; of others what looks like blanks is not theirs.
    """
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        return fault(
            code,
            N_("{path} cannot be read: {error}", path=path, error=error.strerror),
            N_("Make it, owned by the service user, with mode 600."),
        )
    size = len(content if raw else content.strip())
    if size < least:
        return fault(
            code,
            N_("{path} holds {size} bytes.", path=path, size=size),
            N_("Fill it: head -c {least} /dev/urandom | base64 > {path}", least=least, path=path),
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return fault(
            code,
            N_("{path} can be read by others (mode {mode}).", path=path, mode=f"{mode & 0o777:o}"),
            N_("Run: chmod 600 {path}", path=path),
        )
    return ok(code, N_("{path} is there and only its owner's.", path=path))


def data_root(settings: Settings) -> Finding:
    """Is the data root there, the service user's, and writable?"""
    root = settings.data.root
    try:
        owner = root.stat().st_uid
        with tempfile.NamedTemporaryFile(dir=root, prefix=".doctor-"):
            pass
    except OSError as error:
        return fault(
            "data-root",
            N_("{path} cannot be written: {error}", path=root, error=error.strerror),
            N_("Make it on the shared file system, owned by {user}.", user=settings.slurm.user),
        )
    try:
        wanted = pwd.getpwnam(settings.slurm.user).pw_uid
    except KeyError:
        return fault(
            "data-root",
            N_("There is no user {user} on this machine.", user=settings.slurm.user),
            N_("Make the service user, with the same number here and on every node."),
        )
    if owner != wanted:
        return fault(
            "data-root",
            N_("{path} does not belong to {user}.", path=root, user=settings.slurm.user),
            N_("Run: chown -R {user}: {path}", user=settings.slurm.user, path=root),
        )
    return ok("data-root", N_("{path} can be written.", path=root))
