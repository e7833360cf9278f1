"""Other Debians below var/debian, for the versions of Slurm that they have.

Each is built once, by debootstrap and its own apt, and kept. A command runs in one by chroot, in a
mount namespace of its own: what has to be seen in there is mounted for that command alone, and is
gone when the last process of it has ended. https://manpages.debian.org/debootstrap
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from stage.checkout import ROOT, VAR, StageError
from stage.releases import BY_SUITE, Release

DEBIANS = VAR / "debian"
DEFAULT_MIRROR = "http://deb.debian.org/debian/"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# The last two are what portal.scheduler imports, for a worker of pyslurm in there.
PACKAGES = [
    *("slurmctld", "slurmd", "slurmdbd", "slurmrestd", "slurm-client", "libslurm-dev"),
    *("slurm-wlm-basic-plugins", "slurm-wlm-mysql-plugin", "slurm-wlm-jwt-plugin"),
    *("python3", "python3-babel", "python3-httpx"),
]

# Not /dev: debootstrap makes the few devices of its own, and what is root in there may break them.
_MACHINE = ("/proc", "/sys", "/dev/shm", "/etc/hosts", "/etc/resolv.conf")  # noqa: S108
# What runs in there has the same users as outside, and sees the checkout at the same place. The
# munged that answers it is the cluster's own, outside as well: its socket is in the checkout's var.
_SHARED = (*_MACHINE, "/etc/passwd", "/etc/group", str(ROOT))
_ENTER = 'mount --all --fstab "$1" && shift && exec chroot "$@"'


def root(suite: str) -> Path:
    """The folder that is "/" to what runs on this suite; this machine's own for ""."""
    return DEBIANS / suite if suite else Path("/")


def inside(suite: str, command: list[str], user: str | None = None) -> list[str]:
    """The command as root has to start it, so that it runs in that Debian as `user`.

    It keeps its environment and its process id, and starts in "/". On this machine's own it is the
    command itself, and who starts it changes its user.
    """
    if not suite:
        return command
    return _entering(root(suite), command, user)


def is_whole(suite: str) -> bool:
    """Whether it was built to the end, with the packages that are wanted now."""
    try:
        mark = json.loads(_mark(root(suite)).read_text())
    except (FileNotFoundError, ValueError):
        return False
    return set(mark["packages"]) >= set(PACKAGES)


def version(suite: str) -> str:
    """The version of Debian's package of Slurm in there: 24.11.5-4."""
    return str(json.loads(_mark(root(suite)).read_text())["slurm"])


def build(suite: str, say: Callable[[str], None]) -> None:
    """Make what is missing of it; nothing where it is whole. Takes some minutes and about 1 GB.

    It is built beside its place and moved there in the end, so that what was interrupted is
    never taken for whole.
    """
    if is_whole(suite):
        return
    release = BY_SUITE[suite]
    DEBIANS.mkdir(parents=True, exist_ok=True)
    fresh = DEBIANS / f"{suite}.new"
    log = DEBIANS / f"{suite}.log"
    log.unlink(missing_ok=True)
    if fresh.exists():
        say(f"{suite}: was interrupted, begins anew")
        shutil.rmtree(fresh)
    old = root(suite)
    if old.exists():
        say(f"{suite}: gets the packages that are new to the list")
        old.replace(fresh)
    else:
        say(f"{suite}: debootstrap, for Slurm {release.slurm} ({log})")
        _logged(_debootstrap(release, fresh), log)
    say(f"{suite}: its packages of Slurm")
    _install(fresh, log)
    fresh.replace(old)
    say(f"{suite}: has Slurm {version(suite)}")


def prepare(suite: str) -> None:
    """Make sure that it can be entered; raises StageError where it was not built."""
    if not is_whole(suite):
        how = f"scripts/cluster up --debian {suite}"
        raise StageError(f"there is no {suite}, or not the whole of it: {how}")
    _make_places(root(suite), _SHARED)


def _make_places(folder: Path, shared: Iterable[str]) -> None:
    """What is mounted when it is entered, for a checkout that may have moved."""
    lines = []
    for place in filter(Path.exists, map(Path, shared)):
        inner = folder / place.relative_to("/")
        if place.is_dir():
            inner.mkdir(parents=True, exist_ok=True)
        elif not inner.exists():
            inner.touch()
        lines.append(f"{place} {inner} none rbind 0 0\n")
    _mounts(folder).write_text("".join(lines))


def _entering(folder: Path, command: list[str], user: str | None) -> list[str]:
    whom = [f"--userspec={user}:{user}", "--groups="] if user else []
    unshare = ["/usr/bin/unshare", "--mount", "--propagation", "private"]
    enter = ["/bin/sh", "-c", _ENTER, "enter", str(_mounts(folder))]
    return [*unshare, *enter, *whom, str(folder), *command]


def _mounts(folder: Path) -> Path:
    return folder / "etc" / "kesuan.fstab"


def _mark(folder: Path) -> Path:
    return folder / "etc" / "kesuan.json"


def _debootstrap(release: Release, folder: Path) -> list[str]:
    wanted = ["--variant=minbase", "--include=ca-certificates", release.suite, str(folder)]
    return ["debootstrap", *wanted, _mirror(), release.script]


def _install(folder: Path, log: Path) -> None:
    """Its own apt knows what its packages need; debootstrap only knows the plain cases."""
    no_services = folder / "usr" / "sbin" / "policy-rc.d"
    no_services.write_text("#!/bin/sh\nexit 101\n")
    no_services.chmod(0o755)
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        shutil.copy(certificates, folder / "etc" / "ssl" / "certs")
    # Signatures are looked at. The day until which an index counts is not, as debootstrap does not
    # look at it either: a mirror of testing that was left alone for a week is good enough here.
    update = ["apt-get", "-o", "Acquire::Check-Valid-Until=false", "update"]
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES]
    # Not yet with this machine's users: the packages make some of their own.
    _make_places(folder, _MACHINE)
    for command in (update, install, ["apt-get", "clean"]):
        _logged(_entering(folder, command, None), log)
    asked = _entering(folder, ["dpkg-query", "-W", "-f", "${Version}", "slurmctld"], None)
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=_environment())
    mark = {"slurm": done.stdout.strip(), "packages": PACKAGES}
    _mark(folder).write_text(json.dumps(mark) + "\n")


def _mirror() -> str:
    """Where this machine's own Debian comes from, unless KESUAN_DEBIAN_MIRROR says otherwise."""
    wanted = os.environ.get("KESUAN_DEBIAN_MIRROR")
    if wanted:
        return wanted
    ask = ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    known = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Debian ")]
    return known[0] if known else DEFAULT_MIRROR


def _environment() -> Mapping[str, str]:
    """What debootstrap and apt are started with: this machine's way to the network, no more."""
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    if not proxies:
        ask = ["apt-config", "dump", "--format", "%v", "Acquire::http::Proxy"]
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        if done.stdout.strip():
            proxies = {"http_proxy": done.stdout.strip()}
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **proxies}


def _logged(command: list[str], log: Path) -> None:
    """Run it with its words in the log, and show their end where it fails."""
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            check=False,
        )
    if done.returncode != 0:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        raise StageError(f"{' '.join(command[-3:])} failed:\n{end}\n(all of it: {log})")
