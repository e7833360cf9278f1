"""Settings: one TOML file becomes one frozen object, or every fault of the file at once.

A setting is a dataclass field whose metadata says what it is for; `docs/settings.md` is held
against these by a test. Secrets are never in the file: a `…_file` setting names the file that
holds one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, is_dataclass
from ipaddress import ip_network
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

ENVIRONMENT_VARIABLE = "KESUAN_SETTINGS"
DEFAULT_FILE = Path("/etc/kesuan/kesuan.toml")


def _setting(
    doc: str,
    default: Any = MISSING,
    *,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    secret: bool = False,
) -> Any:
    metadata = {"doc": doc, "choices": choices, "low": low, "high": high, "secret": secret}
    if default is MISSING:
        return field(metadata=metadata)
    if isinstance(default, dict | list):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Portal:
    """Who runs it and how it speaks."""

    name: str = _setting("What people read at the top of every page.", "课算 Kesuan")
    secret_key_file: Path = _setting("File with the key that signs sessions; at least 32 bytes.")
    language: str = _setting(
        "Language of a reader who has not chosen one.", "zh", choices=("zh", "en")
    )
    timezone: str = _setting("Time zone of the lessons, as in the tz database.", "Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Web:
    """How the web process answers."""

    bind: str = _setting("Address and port that gunicorn listens on.", "127.0.0.1:8080")
    workers: int = _setting("Number of gunicorn processes.", 2, low=1, high=64)
    secure_cookies: bool = _setting(
        "Cookies only over TLS. Turn off only where no proxy with TLS stands before the portal.",
        True,
    )
    trusted_proxies: int = _setting(
        "How many proxies before gunicorn set X-Forwarded-For and -Proto.", 0, low=0, high=5
    )
    session_hours: int = _setting("Hours until a login ends.", 10, low=1, high=168)
    snapshot_seconds: float = _setting(
        "How often a class page's snapshot is made, however many look on.", 1.0, low=0.2, high=30
    )
    operations_from: list[str] = _setting(
        "Addresses or networks that may read /readyz and /metrics.", ["127.0.0.1", "::1"]
    )


@dataclass(frozen=True, kw_only=True)
class Database:
    """Who, what and in which state."""

    url: str = _setting(
        "SQLAlchemy URL: sqlite:////path/kesuan.db or postgresql+psycopg://user@host/name."
    )
    password_file: Path | None = _setting("File with the database password.", None)


@dataclass(frozen=True, kw_only=True)
class Data:
    """The data root on the shared file system, and what may be put there."""

    root: Path = _setting("Folder for data sets and runs, seen by web, agent and nodes.")
    node_root: Path | None = _setting("The same folder as nodes see it, if its path differs.", None)
    upload_mb: int = _setting("Largest upload in MiB.", 512, low=1, high=65536)
    unpacked_mb: int = _setting("Largest content of an archive in MiB.", 2048, low=1, high=262144)
    table_rows: int = _setting("Most rows of a table.", 200_000, low=10, high=10_000_000)
    table_columns: int = _setting("Most columns of a table.", 200, low=2, high=10_000)
    pictures: int = _setting("Most pictures in a data set.", 20_000, low=10, high=1_000_000)
    picture_side: int = _setting(
        "Longer side that pictures are made smaller to, in pixels.", 256, low=16, high=2048
    )
    check_seconds: int = _setting("Time limit for checking an upload.", 120, low=5, high=3600)


@dataclass(frozen=True, kw_only=True)
class Slurm:
    """How the agent reaches Slurm."""

    backend: str = _setting(
        "The way in: Slurm's commands, pyslurm, slurmrestd (rest), or a simulation in memory for "
        "trying things out; "
        "auto takes pyslurm where one is installed that fits this Slurm, else the commands.",
        "auto",
        choices=("auto", "commands", "pyslurm", "rest", "memory"),
    )
    conf: Path | None = _setting("SLURM_CONF for Slurm's commands, if not the default.", None)
    bin: Path | None = _setting("Folder of Slurm's commands, if not on PATH.", None)
    pyslurm: Path | None = _setting(
        "Folder that holds pyslurm, if it is not among the portal's own packages.", None
    )
    rest_url: str | None = _setting(
        "rest: slurmrestd as https://host:port, unix:/path/of/socket, or http:// on this machine.",
        None,
    )
    rest_ca_file: Path | None = _setting(
        "rest: certificates that are trusted for https, if not the system's.", None
    )
    rest_token_command: list[str] = _setting(
        "rest: command that prints a token; {user} and {seconds} in its words are filled in.",
        ["scontrol", "token", "username={user}", "lifespan={seconds}"],
    )
    rest_token_key_file: Path | None = _setting(
        "rest: the cluster's key, to sign tokens here instead; whoever reads it can be any user.",
        None,
    )
    rest_token_s: int = _setting(
        "rest: life of a token; it is renewed when half of it is over.", 600, low=120, high=86_400
    )
    rest_cluster: str | None = _setting(
        "rest: name of the cluster, if slurmdbd knows several.", None
    )
    rest_enforce: list[str] = _setting(
        "rest: AccountingStorageEnforce of slurm.conf, which slurmrestd does not tell.", []
    )
    rest_min_job_age_s: int = _setting("rest: MinJobAge of slurm.conf.", 300, low=2, high=1_000_000)
    rest_message_timeout_s: int = _setting(
        "rest: MessageTimeout of slurm.conf.", 10, low=1, high=600
    )
    rest_max_array_size: int = _setting(
        "rest: MaxArraySize of slurm.conf.", 1001, low=2, high=4_000_001
    )
    partition: str = _setting("Partition that runs go to.")
    qos: str | None = _setting("QOS of runs, if the site uses one.", None)
    user: str = _setting("Service user that the jobs of the portal run as.", "kesuan")
    command_timeout_s: float = _setting(
        "Seconds until a Slurm command is given up.", 30.0, low=1, high=600
    )
    settle_s: float = _setting(
        "Seconds of empty answers after which an unacknowledged submission counts as not made; "
        "longer than MessageTimeout and the state save together.",
        20.0,
        low=1,
        high=600,
    )
    array_size: int = _setting(
        "Most runs in one array job; below MaxArraySize.", 1000, low=1, high=100_000
    )
    finish_signal_s: int = _setting(
        "Seconds before the time limit at which a job is told to finish and keep its best model.",
        60,
        low=10,
        high=900,
    )


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """What an eighth of a GPU is on this site."""

    family: str = _setting(
        "How GPUs are shared here.",
        "shard",
        choices=("shard", "mps", "mig", "gpu", "dcu", "npu", "cpu"),
    )
    type: str | None = _setting("GPU type in the GRES name, if jobs must name one.", None)
    units_per_gpu: int = _setting(
        "Units that one GPU is cut into: shards, or 100 for MPS.", 8, low=1, high=1000
    )
    profiles: dict[str, str] = _setting(
        'MIG or NPU: eighths to profile, as {"1" = "1g.10gb", "2" = "2g.20gb"}.', {}
    )
    cores_per_eighth: int = _setting("CPU cores that go with an eighth.", 1, low=1, high=64)
    memory_mb_per_eighth: int = _setting(
        "Memory in MiB that goes with an eighth.", 2048, low=128, high=1_048_576
    )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """How a node enters a software stack that templates name."""

    kind: str = _setting("What the stack is.", choices=("venv", "modules", "apptainer", "plain"))
    path: str | None = _setting("venv: its folder as nodes see it.", None)
    modules: list[str] = _setting("modules: what to load, in order.", [])
    image: str | None = _setting("apptainer: the image as nodes see it.", None)
    python: str = _setting("The Python to start inside it.", "python3")


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Where training templates come from."""

    folders: list[Path] = _setting("Folders that hold template folders; the runtime is beside.")


@dataclass(frozen=True, kw_only=True)
class Agent:
    """How the agent works."""

    poll_s: float = _setting(
        "Seconds between two questions to Slurm while anything is alive.", 1.0, low=0.2, high=60
    )
    nodes_every_s: float = _setting(
        "Seconds between two looks at nodes and GPUs.", 30.0, low=5, high=3600
    )
    lease_s: float = _setting(
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


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a settings file."""

    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; allowed: {self.allowed}"


class BadSettings(Exception):
    """The settings file cannot be used; `faults` is all that is wrong with it."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        super().__init__(f"{path}: " + "; ".join(map(str, faults)))
        self.path = path
        self.faults = faults


def load(path: Path) -> Settings:
    """Read a settings file.

    Raises `BadSettings` with every fault at once. Relative paths are from the file's own folder.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        fault = Fault("(file)", cause.strerror or "no file", "a readable TOML file")
        raise BadSettings(path, [fault]) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise BadSettings(path, [Fault("(file)", str(cause), "TOML in UTF-8")]) from cause
    faults: list[Fault] = []
    settings: Settings | None = _section(Settings, raw, "", path.parent.resolve(), faults)
    if settings is not None:
        faults += _across(settings)
    if faults or settings is None:
        raise BadSettings(path, faults)
    return settings


def effective(settings: Settings) -> dict[str, Any]:
    """The settings as plain data to print: no secret is in them, for secrets live in files."""
    plain = asdict(settings)
    plain["database"]["url"] = _without_password(settings.database.url)
    return plain


def documented() -> Iterator[tuple[str, Field[Any]]]:
    """Every setting as (`section.key`, field); environments appear as `environments.NAME.key`."""
    for section, kind in get_type_hints(Settings).items():
        inner, prefix = kind, section
        if get_origin(kind) is dict:
            inner, prefix = get_args(kind)[1], f"{section}.NAME"
        for item in fields(inner):
            yield f"{prefix}.{item.name}", item


def _section(kind: type, raw: object, key: str, base: Path, faults: list[Fault]) -> Any:
    """Build one dataclass from a TOML table; None where it could not be built."""
    if not isinstance(raw, Mapping):
        faults.append(Fault(key, repr(raw), "a table"))
        return None
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}
    for name in raw.keys() - known.keys():
        faults.append(Fault(_join(key, name), "an unknown key", ", ".join(known)))
    values: dict[str, Any] = {}
    before = len(faults)
    for name, item in known.items():
        where = _join(key, name)
        hint = hints[name]
        if is_dataclass(hint) and isinstance(hint, type):
            values[name] = _section(hint, raw.get(name, {}), where, base, faults)
        elif get_origin(hint) is dict and is_dataclass(get_args(hint)[1]):
            values[name] = _named(get_args(hint)[1], raw.get(name, {}), where, base, faults)
        elif name in raw:
            values[name] = _value(hint, raw[name], item, where, base, faults)
        elif item.default is MISSING and item.default_factory is MISSING:
            faults.append(Fault(where, "nothing", _allowed(hint, item)))
    return kind(**values) if len(faults) == before else None


def _named(kind: type, raw: object, key: str, base: Path, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        faults.append(Fault(key, repr(raw), "a table of tables"))
        return {}
    return {name: _section(kind, v, _join(key, name), base, faults) for name, v in raw.items()}


def _value(
    hint: Any, found: object, item: Field[Any], key: str, base: Path, faults: list[Fault]
) -> Any:
    """One value of the right type and within its bounds, or a fault noted."""
    good = _typed(_plain(hint), found, base)
    if good is MISSING or not _within(good, item):
        faults.append(Fault(key, repr(found), _allowed(hint, item)))
        return None
    return good


def _typed(plain: Any, found: object, base: Path) -> Any:
    """`found` as the type that is wanted, or MISSING where it is not of that type."""
    if plain is Path:
        return base / Path(found).expanduser() if isinstance(found, str) and found else MISSING
    if get_origin(plain) is list:
        if not isinstance(found, list):
            return MISSING
        items = [_typed(get_args(plain)[0], item, base) for item in found]
        return MISSING if MISSING in items else items
    if get_origin(plain) is dict:
        strings = isinstance(found, Mapping) and all(isinstance(x, str) for x in found.values())
        return dict(found) if strings and isinstance(found, Mapping) else MISSING
    if plain is float and isinstance(found, int) and not isinstance(found, bool):
        return float(found)
    # bool is an int to Python, and never to the person who wrote the file.
    right = isinstance(found, plain) and isinstance(found, bool) == (plain is bool)
    return found if right else MISSING


def _within(value: Any, item: Field[Any]) -> bool:
    choices, low, high = (item.metadata[k] for k in ("choices", "low", "high"))
    if choices and value not in choices:
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _allowed(hint: Any, item: Field[Any]) -> str:
    if item.metadata["choices"]:
        return " | ".join(item.metadata["choices"])
    plain = _plain(hint)
    name = "path" if plain is Path else getattr(plain, "__name__", str(plain))
    low, high = item.metadata["low"], item.metadata["high"]
    return f"{name} from {low} to {high}" if low is not None else name


def _plain(hint: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(hint) in (Union, UnionType):
        return next(a for a in get_args(hint) if a is not type(None))
    return hint


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _across(settings: Settings) -> list[Fault]:
    """Faults that show only when two settings are seen together."""
    faults = []
    needs = {"venv": "path", "modules": "modules", "apptainer": "image"}
    for name, environment in settings.environments.items():
        wanted = needs.get(environment.kind)
        if wanted and not getattr(environment, wanted):
            key = f"environments.{name}.{wanted}"
            faults.append(Fault(key, "nothing", f"needed for kind = {environment.kind!r}"))
    secret = settings.portal.secret_key_file
    try:
        if len(secret.read_bytes().strip()) < 32:
            faults.append(Fault("portal.secret_key_file", "a short key", "at least 32 bytes"))
    except OSError as cause:
        found = f"{secret} ({cause.strerror})"
        faults.append(Fault("portal.secret_key_file", found, "a readable file"))
    for found in settings.web.operations_from:
        try:
            ip_network(found)
        except ValueError:
            allowed = 'an address or a network, as "10.1.0.0/16"'
            faults.append(Fault("web.operations_from", repr(found), allowed))
    faults += _rest(settings.slurm)
    if settings.database.url.split(":")[0] not in ("sqlite", "postgresql+psycopg"):
        found = repr(_without_password(settings.database.url))
        faults.append(Fault("database.url", found, "sqlite:///… or postgresql+psycopg://…"))
    return faults


def _rest(slurm: Slurm) -> list[Fault]:
    """A token is worth a password: it goes to this machine, or by TLS.

    It outlives every request that it goes with, so that one that is not taken never was.
    """
    if slurm.backend != "rest":
        return []
    if slurm.rest_token_s < 4 * slurm.command_timeout_s:
        allowed = "at least four times slurm.command_timeout_s"
        return [Fault("slurm.rest_token_s", repr(slurm.rest_token_s), allowed)]
    allowed = "https://host:port, unix:/path, or http:// on this machine"
    if slurm.rest_url is None:
        return [Fault("slurm.rest_url", "nothing", allowed)]
    scheme, _, rest = slurm.rest_url.partition(":")
    try:
        host = urlsplit(slurm.rest_url).hostname
    except ValueError:
        host = None
    here = host in ("localhost", "127.0.0.1", "::1")
    if scheme == "unix" and rest.startswith("/"):
        return []
    if host and (scheme == "https" or (scheme == "http" and here)):
        return []
    return [Fault("slurm.rest_url", repr(slurm.rest_url), allowed)]


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, sep, who = head.partition("://")
    return f"{scheme}{sep}{who.split(':')[0]}@{tail}"
