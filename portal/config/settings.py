"""Everything that a site decides, a class for each section of the file.

A new setting is one line here and one in `docs/settings.md`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from portal.config.login import Ldap, LdapGroup, Login
from portal.config.setting import setting
from portal.config.tokens import Tokens


@dataclass(frozen=True, kw_only=True)
class Portal:
    """Who runs it and how it speaks."""

    name: str = setting("What people read at the top of every page.", "课算 Kesuan")
    secret_key_file: Path = setting("File with the key that signs sessions; at least 32 bytes.")
    language: str = setting(
        "Language of a reader who has not chosen one.", "zh", choices=("zh", "en")
    )
    timezone: str = setting("Time zone of the lessons, as in the tz database.", "Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Web:
    """How the web process answers."""

    bind: str = setting("Address and port that gunicorn listens on.", "127.0.0.1:8080")
    workers: int = setting("Number of gunicorn processes.", 2, low=1, high=64)
    secure_cookies: bool = setting(
        "Cookies only over TLS. Turn off only where no proxy with TLS stands before the portal.",
        True,
    )
    trusted_proxies: int = setting(
        "How many proxies before gunicorn set X-Forwarded-For and -Proto.", 0, low=0, high=5
    )
    session_hours: int = setting("Hours until a login ends.", 10, low=1, high=168)
    snapshot_seconds: float = setting(
        "How often a class page's snapshot is made, however many look on.", 1.0, low=0.2, high=30
    )
    operations_from: list[str] = setting(
        "Addresses or networks that may read /readyz and /metrics.", ["127.0.0.1", "::1"]
    )


@dataclass(frozen=True, kw_only=True)
class Database:
    """Who, what and in which state."""

    url: str = setting(
        "SQLAlchemy URL: sqlite:////path/kesuan.db or postgresql+psycopg://user@host/name."
    )
    password_file: Path | None = setting("File with the database password.", None)


@dataclass(frozen=True, kw_only=True)
class Data:
    """The data root on the shared file system, and what may be put there."""

    root: Path = setting("Folder for data sets and runs, seen by web, agent and nodes.")
    node_root: Path | None = setting("The same folder as nodes see it, if its path differs.", None)
    upload_mb: int = setting("Largest upload in MiB.", 512, low=1, high=65536)
    unpacked_mb: int = setting("Largest content of an archive in MiB.", 2048, low=1, high=262144)
    table_rows: int = setting("Most rows of a table.", 200_000, low=10, high=10_000_000)
    table_columns: int = setting("Most columns of a table.", 200, low=2, high=10_000)
    pictures: int = setting("Most pictures in a data set.", 20_000, low=10, high=1_000_000)
    picture_side: int = setting(
        "Longer side that pictures are made smaller to, in pixels.", 256, low=16, high=2048
    )
    check_seconds: int = setting("Time limit for checking an upload.", 120, low=5, high=3600)
    checks_at_once: int = setting(
        "Uploads that are checked at the same time; others wait.", 2, low=1, high=64
    )
    term_ends: list[str] = setting(
        "Days on which terms usually end, as month-day: the first term of a class that has none.",
        ["01-31", "07-15"],
    )
    kept_days: int = setting(
        "Days after the last one of a term until its classes are deleted.", 30, low=1, high=366
    )


@dataclass(frozen=True, kw_only=True)
class Slurm:
    """How the agent reaches Slurm."""

    backend: str = setting(
        "The way in: Slurm's commands, pyslurm, slurmrestd (rest), or a simulation in memory for "
        "trying things out; "
        "auto takes pyslurm where one is installed that fits this Slurm, else the commands.",
        "auto",
        choices=("auto", "commands", "pyslurm", "rest", "memory"),
    )
    conf: Path | None = setting("SLURM_CONF for Slurm's commands, if not the default.", None)
    bin: Path | None = setting("Folder of Slurm's commands, if not on PATH.", None)
    pyslurm: Path | None = setting(
        "Folder that holds pyslurm, if it is not among the portal's own packages.", None
    )
    rest_url: str | None = setting(
        "rest: slurmrestd as https://host:port, unix:/path/of/socket, or http:// on this machine.",
        None,
    )
    rest_ca_file: Path | None = setting(
        "rest: certificates that are trusted for https, if not the system's.", None
    )
    rest_token_command: list[str] = setting(
        "rest: command that prints a token; {user} and {seconds} in its words are filled in.",
        ["scontrol", "token", "username={user}", "lifespan={seconds}"],
    )
    rest_token_key_file: Path | None = setting(
        "rest: the cluster's key, to sign tokens here instead; whoever reads it can be any user.",
        None,
    )
    rest_token_s: int = setting(
        "rest: life of a token; it is renewed when half of it is over.", 600, low=120, high=86_400
    )
    rest_cluster: str | None = setting(
        "rest: name of the cluster, if slurmdbd knows several.", None
    )
    rest_enforce: list[str] = setting(
        "rest: AccountingStorageEnforce of slurm.conf, which slurmrestd does not tell.", []
    )
    rest_min_job_age_s: int = setting("rest: MinJobAge of slurm.conf.", 300, low=2, high=1_000_000)
    rest_message_timeout_s: int = setting(
        "rest: MessageTimeout of slurm.conf.", 10, low=1, high=600
    )
    rest_max_array_size: int = setting(
        "rest: MaxArraySize of slurm.conf.", 1001, low=2, high=4_000_001
    )
    partition: str = setting("Partition that runs go to.")
    qos: str | None = setting("QOS of runs, if the site uses one.", None)
    homework_qos: str | None = setting(
        "QOS of runs that belong to no lesson, if it is another one.", None
    )
    borrow_qos: str | None = setting(
        "QOS of a lesson's runs beyond the part that is guaranteed to their school.", None
    )
    user: str = setting("Service user that the jobs of the portal run as.", "kesuan")
    command_timeout_s: float = setting(
        "Seconds until a Slurm command is given up.", 30.0, low=1, high=600
    )
    settle_s: float = setting(
        "Seconds of empty answers after which an unacknowledged submission counts as not made; "
        "longer than MessageTimeout and the state save together.",
        20.0,
        low=1,
        high=600,
    )
    array_size: int = setting(
        "Most runs in one array job; below MaxArraySize.", 1000, low=1, high=100_000
    )
    finish_signal_s: int = setting(
        "Seconds before the time limit at which a job is told to finish and keep its best model.",
        60,
        low=10,
        high=900,
    )


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """What an eighth of a GPU is on this site."""

    family: str = setting(
        "How GPUs are shared here.",
        "shard",
        choices=("shard", "mps", "mig", "gpu", "dcu", "npu", "cpu"),
    )
    type: str | None = setting("GPU type in the GRES name, if jobs must name one.", None)
    units_per_gpu: int = setting(
        "Units that one GPU is cut into: shards, or 100 for MPS.", 8, low=1, high=1000
    )
    profiles: dict[str, str] = setting(
        'MIG or NPU: eighths to profile, as {"1" = "1g.10gb", "2" = "2g.20gb"}.', {}
    )
    cores_per_eighth: int = setting("CPU cores that go with an eighth.", 1, low=1, high=64)
    memory_mb_per_eighth: int = setting(
        "Memory in MiB that goes with an eighth.", 2048, low=128, high=1_048_576
    )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """How a node enters a software stack that templates name."""

    kind: str = setting("What the stack is.", choices=("venv", "modules", "apptainer", "plain"))
    path: str | None = setting("venv: its folder as nodes see it.", None)
    modules: list[str] = setting("modules: what to load, in order.", [])
    image: str | None = setting("apptainer: the image as nodes see it.", None)
    python: str = setting("The Python to start inside it.", "python3")


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Where training templates come from."""

    folders: list[Path] = setting("Folders that hold template folders; the runtime is beside.")


@dataclass(frozen=True, kw_only=True)
class Agent:
    """How the agent works."""

    poll_s: float = setting(
        "Seconds between two questions to Slurm while anything is alive.", 1.0, low=0.2, high=60
    )
    nodes_every_s: float = setting(
        "Seconds between two looks at nodes and GPUs.", 30.0, low=5, high=3600
    )
    lease_s: float = setting(
        "Seconds after which a silent agent is taken over by another.", 15.0, low=5, high=300
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a site decides."""

    portal: Portal
    web: Web
    database: Database
    data: Data
    slurm: Slurm
    accelerator: Accelerator
    templates: Templates
    agent: Agent
    environments: dict[str, Environment]
    login: Login = field(default_factory=Login)
    tokens: Tokens = field(default_factory=Tokens)
    ldap: Ldap = field(default_factory=Ldap)
    ldap_groups: dict[str, LdapGroup] = field(default_factory=dict)


def documented() -> Iterator[tuple[str, Field[Any]]]:
    """Every setting as (`section.key`, field); environments appear as `environments.NAME.key`."""
    for section, kind in get_type_hints(Settings).items():
        inner, prefix = kind, section
        if get_origin(kind) is dict:
            inner, prefix = get_args(kind)[1], f"{section}.NAME"
        for item in fields(inner):
            yield f"{prefix}.{item.name}", item
