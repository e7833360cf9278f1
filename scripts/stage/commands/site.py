"""The command behind ``scripts/site``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from stage import services
from stage.checkout import StageError
from stage.commands import run
from stage.site import Site, free_port, load_site, write


def _up(options: argparse.Namespace) -> int:
    saved = load_site(options.name)
    site = saved or Site(options.name, options.cluster or options.name)
    if options.cluster:
        site = replace(site, cluster=options.cluster)
    if options.database:
        password = options.database_password_file or ""
        site = replace(site, database=options.database, database_password_file=password)
    if options.directory is not None:
        site = replace(site, directory=options.directory)
    if not services.running(site):
        site = replace(site, port=_port(options.port, saved))
    write(site)
    if services.command(site, ["kesuan", "migrate"]) != 0:
        raise StageError("the database could not be brought up to date")
    services.start(site)
    print(f"site {site.name} is up: {site.address}")
    return 0


def _port(wanted: int | None, saved: Site | None) -> int:
    """The port of last time where it is still free, so that a bookmark goes on working."""
    if wanted is None and saved is not None and saved.port:
        try:
            return free_port(saved.port)
        except StageError:
            return free_port(None)
    return free_port(wanted)


def _down(options: argparse.Namespace) -> int:
    site = load_site(options.name)
    if site is not None:
        services.stop(site, *options.services)
    print(f"site {options.name} is down" if not options.services else "stopped")
    return 0


def _start(options: argparse.Namespace) -> int:
    services.start(_known(options.name), *options.services)
    return 0


def _status(options: argparse.Namespace) -> int:
    site = _known(options.name)
    there = services.running(site)
    print(f"site {site.name}: {site.address}, cluster {site.cluster}, settings {site.settings}")
    for name in services.SERVICES:
        state = f"runs (process {there[name].pid})" if name in there else "does not run"
        print(f"  {name:<6} {state}; log {services.log_of(site, name)}")
    return 0 if len(there) == len(services.SERVICES) else 1


def _run(options: argparse.Namespace) -> int:
    if not options.command:
        raise StageError("which command? For example: scripts/site run kesuan doctor")
    return services.command(_known(options.name), options.command)


def _service(name: str) -> str:
    # Not `choices`: with `nargs="*"` argparse holds the empty list against them.
    if name not in services.SERVICES:
        raise argparse.ArgumentTypeError(f"{name!r} is neither web nor agent")
    return name


def _known(name: str) -> Site:
    site = load_site(name)
    if site is None:
        raise StageError(f"there is no site {name!r}: scripts/site up --name {name}")
    return site


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="site", description="The portal on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, do: object, what: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=what)
        sub.add_argument("--name", default="demo", help="which site (default: demo)")
        sub.set_defaults(run=do)
        return sub

    def some_services(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("services", nargs="*", type=_service, metavar="web|agent")

    up = command("up", _up, "write its settings, migrate its database, start web and agent")
    up.add_argument("--cluster", help="name of its cluster (default: the site's name)")
    up.add_argument("--port", type=int, help="of the web process (default: a free one from 8080)")
    up.add_argument("--database", metavar="URL", help="(default: SQLite in the site's folder)")
    up.add_argument("--database-password-file", metavar="FILE", help="what is not in its URL")
    up.add_argument("--directory", metavar="NAME", help='a slapd of this checkout; "": none')
    some_services(command("start", _start, "start web, agent or both, as they were set up"))
    some_services(command("down", _down, "end web, agent or both"))
    command("status", _status, "what runs; 0 only if both do")
    in_it = command("run", _run, "run a command as the service user, with the site's settings")
    in_it.add_argument("command", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(run(_parser()))
