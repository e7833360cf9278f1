"""The database behind slurmdbd, and the accounts in it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess

from stage import daemons, slurm
from stage.checkout import StageError
from stage.plan import ClusterPlan

QOS = "class"


def database_password(plan: ClusterPlan) -> str:
    """The password of slurm's database user, made at the first start and kept in a file."""
    file = plan.folder / "database" / "password"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(24))
    return file.read_text()


def install_database(plan: ClusterPlan, password: str) -> None:
    """Make an empty database with a user for slurm; nothing where there is one.

    It is built beside its place and moved there, so that one that was interrupted is no database.
    """
    data = plan.folder / "database" / "data"
    if data.exists():
        return
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    # Two that are built at once would find each other's temporary tables in /tmp.
    temporary = data.with_name("tmp")
    mysql = pwd.getpwnam("mysql")
    for folder in (fresh, temporary):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, mysql.pw_uid, mysql.pw_gid)
    first_statements = plan.folder / "database" / "first.sql"
    descriptor = os.open(first_statements, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(
            "FLUSH PRIVILEGES;\n"  # the bootstrap has no grant tables loaded yet
            "CREATE DATABASE slurm_accounting;\n"
            f"CREATE USER slurm@'127.0.0.1' IDENTIFIED BY '{password}';\n"
            "GRANT ALL ON slurm_accounting.* TO slurm@'127.0.0.1';\n"
        )
    os.chown(first_statements, mysql.pw_uid, mysql.pw_gid)
    command = [
        "mariadb-install-db",
        "--no-defaults",
        "--user=mysql",
        f"--datadir={fresh}",
        f"--tmpdir={temporary}",
        "--skip-test-db",
        "--skip-name-resolve",
        "--auth-root-authentication-method=socket",
        f"--extra-file={first_statements}",
    ]
    done = subprocess.run(
        command, env=daemons.environment(plan), capture_output=True, text=True, check=False
    )
    first_statements.unlink()
    if done.returncode != 0:
        raise StageError(f"mariadb-install-db failed: {done.stderr.strip() or done.stdout.strip()}")
    shutil.rmtree(temporary)
    fresh.replace(data)


def prepare(plan: ClusterPlan) -> None:
    """Make the cluster and its QOS known to accounting, before slurmctld starts."""
    if plan.name not in _listed(plan, "cluster"):
        _sacctmgr(plan, "add", "cluster", plan.name)
    if QOS not in _listed(plan, "qos"):
        # Cancels nothing when it is short, and has nothing to say about shares: schools' limits do.
        _sacctmgr(plan, "add", "qos", QOS, "Flags=DenyOnLimit")


def make_account(plan: ClusterPlan, account: str, shares: int, users: list[str]) -> None:
    """A school's account with its limit on shares, and the users who may submit under it.

    Run again with another number, it changes the limit.
    """
    limit = f"GrpTRES=gres/shard={shares}"
    if account in _listed(plan, "account"):
        _sacctmgr(plan, "modify", "account", account, "set", limit)
    else:
        _sacctmgr(plan, "add", "account", account, limit, f"QOS=normal,{QOS}", "DefaultQOS=normal")
    for user in users:
        known = _sacctmgr_read(
            plan, "show", "assoc", f"account={account}", f"user={user}", "format=user"
        )
        if user not in known:
            _sacctmgr(plan, "add", "user", user, f"account={account}")


def make_accounts(plan: ClusterPlan, accounts: list[str], shares: int, user: str) -> None:
    """Many schools' accounts in two calls; those that are there are left as they are."""
    there = set(_listed(plan, "account"))
    missing = ",".join(account for account in accounts if account not in there)
    if missing:
        limit = f"GrpTRES=gres/shard={shares}"
        _sacctmgr(plan, "add", "account", missing, limit, f"QOS=normal,{QOS}", "DefaultQOS=normal")
        _sacctmgr(plan, "add", "user", user, f"account={missing}")


def _listed(plan: ClusterPlan, entity: str) -> list[str]:
    field = {"cluster": "cluster", "qos": "name", "account": "account"}[entity]
    return _sacctmgr_read(plan, "show", entity, f"format={field}")


def _sacctmgr_read(plan: ClusterPlan, *words: str) -> list[str]:
    return _sacctmgr(plan, "--parsable2", "--noheader", *words).split()


def _sacctmgr(plan: ClusterPlan, *words: str) -> str:
    return slurm.as_root(plan, ["sacctmgr", "--immediate", *words])
