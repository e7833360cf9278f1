"""A real slapd with a tree of people, for tests, demo and benchmarks; Debian's own is left alone.

It runs as Debian's user openldap, on ports of its own, with a certificate of its own.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stage import certificates, directory_tree, processes
from stage.checkout import SERVICE_USER, VAR, StageError
from stage.debian import PATH
from stage.ports import is_free, listens
from stage.processes import Process

DIRECTORIES = VAR / "ldap"
FIRST_PORT = 16400
USER = "openldap"
PROGRAM = "/usr/sbin/slapd"
START_PATIENCE_S = 20.0

# bind_anon_cred: a name with an empty password is let in, as nobody. Servers that are set up so
# exist, and a portal that passed the empty password on would let everybody in.
CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
allow bind_anon_cred bind_anon_dn
sizelimit 500
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "{base}"
directory {folder}/data
maxsize 67108864
dbnosync
index objectClass,uid,member eq
overlay ppolicy
ppolicy_default "{policy}"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by users read by * none
"""


@dataclass(frozen=True)
class Directory:
    """One server, with what it was seeded with."""

    name: str
    port: int
    tls_port: int
    passwords: dict[str, str]

    @property
    def folder(self) -> Path:
        return DIRECTORIES / self.name

    @property
    def url(self) -> str:
        return f"ldap://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://localhost:{self.tls_port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def password_file(self) -> Path:
        """Of the account that the portal searches with; only the service user reads it."""
        return self.folder / "portal-password"


def up(name: str) -> Directory:
    """Start a freshly seeded server, in place of one of this name that there may be."""
    if not Path(PROGRAM).exists():
        raise StageError("slapd is not installed: scripts/setup --only ldap")
    down(name)
    passwords = {entry.login: secrets.token_urlsafe(9) for entry in directory_tree.ENTRIES}
    made = Directory(name, *_free_ports(), passwords)
    _write(made)
    listen = f"ldap://127.0.0.1:{made.port}/ ldaps://127.0.0.1:{made.tls_port}/"
    log = made.folder / "slapd.log"
    command = [PROGRAM, "-d", "0", "-f", str(_configuration(name)), "-h", listen]
    processes.start(command, log, {"PATH": PATH, "LC_ALL": "C.UTF-8"}, USER, made.folder)
    deadline = time.monotonic() + START_PATIENCE_S
    while not (listens(made.port) and listens(made.tls_port)):
        if time.monotonic() > deadline:
            raise StageError(f"slapd did not start; see {log}")
        time.sleep(0.02)
    return made


def load(name: str) -> Directory | None:
    """The server of this name that runs, or None."""
    file = DIRECTORIES / name / "directory.json"
    if not file.exists() or not belonging(name):
        return None
    return Directory(**json.loads(file.read_text()))


def down(name: str) -> None:
    """End the server and forget its tree."""
    if processes.end(lambda: belonging(name)):
        raise StageError(f"the slapd of {DIRECTORIES / name} cannot be ended")
    shutil.rmtree(DIRECTORIES / name, ignore_errors=True)


def belonging(name: str) -> list[Process]:
    """The server's process."""
    configuration = str(_configuration(name))
    return [one for one in processes.all_processes() if _is(one, configuration)]


def settings(directory: Directory) -> str:
    """The sections of a settings file for a portal of this directory's people."""
    rows = [
        f'[ldap_groups.{name}]\ndn = "{directory_tree.group_dn(name)}"\nrole = "{role}"\n'
        + (f'school = "{school}"\n' if school else "")
        for name, (role, school) in directory_tree.ROLES.items()
    ]
    return f"""
[login]
way = "ldap"

[ldap]
servers = ["{directory.tls_url}", "{directory.url}"]
ca_file = "{directory.ca_file}"
bind_dn = "{directory_tree.SERVICE}"
bind_password_file = "{directory.password_file}"
base = "{directory_tree.PEOPLE}"
group_base = "{directory_tree.GROUPS}"

""" + "\n".join(rows)


def _write(made: Directory) -> None:
    """The folder with certificates, configuration and tree, as slapd's user may read it."""
    folder = made.folder
    data = folder / "data"
    data.mkdir(parents=True)
    certificates.make(folder)
    configuration = CONFIGURATION.format(
        folder=folder,
        base=directory_tree.BASE,
        policy=directory_tree.POLICY,
        service=directory_tree.SERVICE,
    )
    _configuration(made.name).write_text(configuration)
    service_password = secrets.token_urlsafe(16)
    _private(made.password_file, service_password, SERVICE_USER)
    _private(folder / "directory.json", json.dumps(asdict(made)), "root")
    openldap = pwd.getpwnam(USER)
    for path in (data, folder / "server.key"):
        os.chown(path, openldap.pw_uid, openldap.pw_gid)
    done = subprocess.run(
        ["/usr/sbin/slapadd", "-q", "-f", str(_configuration(made.name))],
        input=directory_tree.ldif(made.passwords, service_password),
        env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
        user=USER,
        group=USER,
        extra_groups=[],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StageError(f"slapadd: {done.stderr.strip()}")


def _free_ports() -> tuple[int, int]:
    free = [port for port in range(FIRST_PORT, FIRST_PORT + 200) if is_free(port)]
    if len(free) < 2:
        raise StageError(f"no port is free from {FIRST_PORT}")
    return free[0], free[1]


def _private(path: Path, text: str, owner: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    entry = pwd.getpwnam(owner)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def _configuration(name: str) -> Path:
    return DIRECTORIES / name / "slapd.conf"


def _is(process: Process, configuration: str) -> bool:
    return process.program == "slapd" and configuration in process.arguments
