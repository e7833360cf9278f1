"""A site on one machine: its settings file, its secret, its database and its data root."""

from __future__ import annotations

import json
import os
import pwd
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from stage import slapd
from stage.checkout import ROOT, SERVICE_USER, VAR, StageError, write_whole
from stage.plan import CLUSTERS, NAME, load_plan
from stage.ports import is_free

SITES = VAR / "site"
FIRST_PORT = 8080


@dataclass(frozen=True)
class Site:
    """Where a portal runs, and the cluster that it sends its runs to."""

    name: str
    cluster: str
    port: int = 0  # of the web process, on 127.0.0.1; 0: the first free one from 8080
    database: str = ""  # as SQLAlchemy names it, without the password; empty: SQLite of its own
    database_password_file: str = ""
    directory: str = ""  # name of the slapd whose people log in; empty: local accounts

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise StageError(
                f"a site's name is 1 to 16 small letters and digits, not {self.name!r}"
            )
        if self.port and not 1024 <= self.port <= 65535:
            raise StageError(f"--port is a number from 1024 to 65535, not {self.port}")

    @property
    def folder(self) -> Path:
        return SITES / self.name

    @property
    def settings(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.folder}/database/kesuan.db"


def load_site(name: str) -> Site | None:
    """The site that an earlier ``write`` saved, or None."""
    try:
        return Site(**json.loads((SITES / name / "site.json").read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as fault:
        raise StageError(f"var/site/{name}/site.json cannot be read; remove that folder") from fault


def free_port(wanted: int | None) -> int:
    """The port that a person asked for, or the first free one from 8080."""
    candidates = [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 200)
    for port in candidates:
        if is_free(port):
            return port
    raise StageError(f"port {candidates[0]} is in use; choose another with --port")


def write(site: Site) -> None:
    """Make the site's folders and files; its secret and its data stay what they are."""
    plan = load_plan(site.cluster)
    if plan is None:
        known = ", ".join(sorted(folder.name for folder in CLUSTERS.glob("*/"))) or "none"
        raise StageError(f"there is no cluster {site.cluster!r} (there are: {known})")
    SITES.mkdir(parents=True, exist_ok=True)
    site.folder.mkdir(exist_ok=True)
    for name, mode in (("secrets", 0o700), ("database", 0o750), ("data", 0o755), ("log", 0o755)):
        folder = site.folder / name
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        _give(folder)
    key = site.folder / "secrets" / "session-key"
    if not key.exists():
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
        _give(key)
    template = Template((Path(__file__).parent / "settings.toml").read_text())
    values = {
        "port": site.port,
        "database_url": site.database_url,
        "database_password": f'password_file = "{site.database_password_file}"\n'
        if site.database_password_file
        else "",
        "slurm_conf": plan.slurm_conf,
        "shards": plan.shards,
        "root": ROOT,
        "user": SERVICE_USER,
    }
    site.settings.write_text(template.substitute(values) + _login(site))
    write_whole(site.folder / "site.json", json.dumps(asdict(site), indent=1) + "\n")


def _login(site: Site) -> str:
    """The settings of a way to log in that is not the default."""
    if not site.directory:
        return ""
    directory = slapd.load(site.directory)
    if directory is None:
        raise StageError(f"there is no slapd {site.directory!r} that runs")
    return slapd.settings(directory)


def _give(path: Path) -> None:
    """To the service user, who writes there."""
    entry = pwd.getpwnam(SERVICE_USER)
    os.chown(path, entry.pw_uid, entry.pw_gid)
