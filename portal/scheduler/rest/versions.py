"""The API versions that the portal speaks, and all that differs between them. Pure.

A slurmrestd serves three or so versions side by side and says which in its OpenAPI document.
https://slurm.schedmd.com/rest_api.html, https://slurm.schedmd.com/rest.html#compat
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from portal.scheduler.errors import Unsupported
from portal.scheduler.rest.faults import NoCommonVersion
from portal.scheduler.rest.payload import table


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the API.

    - `name` is what stands in paths.
    - `plain`: a number is a number, a state a word and the environment a table. Later versions
      write {"set": true, "infinite": false, "number": 5}, lists of words, and ["KEY=value"].
    - `gres` is the key of a submission that takes generic resources.
    - `signals_batch`: a signal can be meant for the batch process. Without it signals reach job
      steps only, so the script makes itself one: see `requests.as_step`.
    - `tells_exit`: accounting tells exit codes. Without it every job has ended with 0, those that
      failed too (seen in 22.05.8, the same in its three versions).
    - `changes_accounts`: accounts are made and changed. v0.0.38 answers that it has changed one and
      has not, unless its parent changes too (seen in 22.05.8).
    - `tells_conf`: slurm.conf can be asked for. Without it the settings repeat what it says.
    - `reserves`: reservations can be made and changed. The document of the server says it.
    """

    name: str
    plain: bool = False
    gres: str = "tres_per_node"
    signals_batch: bool = True
    tells_exit: bool = True
    changes_accounts: bool = True
    tells_conf: bool = False
    reserves: bool = False

    @property
    def jobs(self) -> str:
        return f"/slurm/{self.name}/jobs"

    @property
    def submit(self) -> str:
        return f"/slurm/{self.name}/job/submit"

    @property
    def nodes(self) -> str:
        return f"/slurm/{self.name}/nodes"

    @property
    def ping(self) -> str:
        return f"/slurm/{self.name}/ping"

    @property
    def history(self) -> str:
        return f"/slurmdb/{self.name}/jobs"

    @property
    def associations(self) -> str:
        return f"/slurmdb/{self.name}/associations"

    @property
    def association(self) -> str:
        return f"/slurmdb/{self.name}/association"

    @property
    def additions(self) -> str:
        return f"/slurmdb/{self.name}/accounts_association"

    @property
    def accounts(self) -> str:
        return f"/slurmdb/{self.name}/accounts"

    @property
    def clusters(self) -> str:
        return f"/slurmdb/{self.name}/clusters"

    @property
    def conf(self) -> str:
        return f"/slurm/{self.name}/conf"

    @property
    def resources(self) -> str:
        return f"/slurmdb/{self.name}/tres"

    @property
    def reservations(self) -> str:
        return f"/slurm/{self.name}/reservations"

    def reservation(self, name: str | None = None) -> str:
        """Where one is made or changed, or the one of that name; raises `Unsupported`."""
        if not self.reserves:
            raise Unsupported(f"slurmrestd {self.name} makes no reservations; 25.05 does")
        return f"/slurm/{self.name}/reservation" + ("" if name is None else f"/{name}")

    def job(self, which: str) -> str:
        """One job or one task of an array: 12 or 12_3."""
        return f"/slurm/{self.name}/job/{which}"


# Newest first; each of them has passed the contract on a real Slurm. From v0.0.40 on the shape is
# one; v0.0.39 mixes both and is left out, since every Slurm that serves it serves v0.0.38 or
# v0.0.40 as well.
VERSIONS = (
    Version("v0.0.45", tells_conf=True),  # Slurm 26.05
    Version("v0.0.44"),  # Slurm 25.11
    Version("v0.0.43"),  # Slurm 25.05
    Version("v0.0.42"),  # Slurm 24.11
    Version("v0.0.41"),  # Slurm 24.05
    Version("v0.0.40"),  # Slurm 23.11
    Version(
        "v0.0.38",
        plain=True,
        gres="gres",
        signals_batch=False,
        tells_exit=False,
        changes_accounts=False,
    ),  # 22.05
)

_PATH = re.compile(r"/slurm(db)?/(v\d+\.\d+\.\d+)/(?:jobs|job/submit)/?")


def choose(document: object) -> Version:
    """The newest version that the server's OpenAPI document and the table both have.

    Both of a version's halves must be there: jobs from slurmctld, and slurmdbd's history.
    """
    seen: dict[str, set[str]] = {}
    paths = table(table(document).get("paths"))
    for path in paths:
        match = _PATH.fullmatch(path)
        if match:
            seen.setdefault(match[2], set()).add(match[1] or "")
    offered = {name for name, halves in seen.items() if halves == {"", "db"}}
    for version in VERSIONS:
        if version.name in offered:
            return replace(version, reserves=f"/slurm/{version.name}/reservation" in paths)
    served = ", ".join(sorted(seen)) or "nothing of Slurm's"
    known = ", ".join(version.name for version in VERSIONS)
    raise NoCommonVersion(f"slurmrestd serves {served}; the portal speaks {known}")
