"""A certificate authority for one service of one machine, made by openssl for its life."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stage.checkout import StageError
from stage.debian import PATH

DAYS = 30
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def make(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> None:
    """Write ca.pem, and server.pem with server.key for these names, signed by it."""
    ca = ["-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.pem")]
    _openssl("req", "-x509", *_KEY, *ca, "-days", str(DAYS), "-subj", "/CN=Kesuan stage CA")
    signed_by = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key")]
    own = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")]
    extensions = ["-addext", f"subjectAltName={names}", "-addext", "basicConstraints=CA:FALSE"]
    own += [*extensions, "-days", str(DAYS), "-subj", "/CN=ldap"]
    _openssl("req", "-x509", *_KEY, *signed_by, *own)


def _openssl(*words: str) -> None:
    done = subprocess.run(
        ["openssl", *words], env={"PATH": PATH}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StageError(f"openssl {words[0]}: {done.stderr.strip().splitlines()[-1:]}")
