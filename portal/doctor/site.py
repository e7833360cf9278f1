"""Does Slurm answer, and is it set up for shares, their accounting and their limits?"""

from __future__ import annotations

from collections.abc import Iterator

from portal.accelerators.families import FAMILIES, Sharing
from portal.config import Settings
from portal.doctor.finding import Finding, fault, ok, warn
from portal.language import N_
from portal.scheduler import NodeStatus, Site

RESTART = N_("Set it in slurm.conf and restart slurmctld.")
ENFORCED = ("associations", "limits")


def look(settings: Settings, site: Site, nodes: list[NodeStatus]) -> Iterator[Finding]:
    """Findings about what the controller and its nodes say of themselves."""
    found = N_("Slurm {version}, cluster {cluster}.", version=site.version, cluster=site.cluster)
    yield ok("slurm", found)
    if not site.controllers_up:
        advice = N_("Run: scontrol ping; a controller that is down is not backed up.")
        yield warn("slurm", N_("Not every controller is up."), advice)
    yield partition(settings, nodes)
    yield from gres(settings, site, nodes)
    yield accounting(settings, site)
    yield enforcement(settings, site)
    yield from numbers(settings, site)


def partition(settings: Settings, nodes: list[NodeStatus]) -> Finding:
    """Has the partition nodes that can work?"""
    name = settings.slurm.partition
    members = [node for node in nodes if name in node.partitions]
    usable = [node for node in members if node.state.usable]
    if not members:
        return fault(
            "partition",
            N_("No node is in the partition {name}.", name=name),
            N_("Set slurm.partition to one that sinfo shows."),
        )
    if not usable:
        return fault(
            "partition",
            N_("No node of the partition {name} can work.", name=name),
            N_("Run: sinfo -R; then bring one back with scontrol update … state=resume"),
        )
    return ok(
        "partition",
        N_(
            "{usable} of {all} nodes of the partition {name} can work.",
            usable=len(usable),
            all=len(members),
            name=name,
        ),
    )


def gres(settings: Settings, site: Site, nodes: list[NodeStatus]) -> Iterator[Finding]:
    """Have the nodes what a share is made of, and as many pieces of a GPU as the settings say?"""
    accelerator = settings.accelerator
    family = FAMILIES[accelerator.family]
    if family.sharing is Sharing.NONE:
        yield ok("gres", N_("The site has no accelerators; runs use the CPU."))
        return
    members = [node for node in nodes if settings.slurm.partition in node.partitions]
    counts = [row for node in members for row in node.gres]
    units = sum(row.total for row in counts if row.name == family.resource)
    if family.resource not in site.gres_types or not units:
        yield fault(
            "gres",
            N_("No node offers the resource {name}.", name=family.resource),
            N_(
                "Add {name} to GresTypes and to the nodes in slurm.conf and gres.conf, or set "
                "accelerator.family.",
                name=family.resource,
            ),
        )
        return
    types = {row.type for row in counts if row.name == family.resource}
    if accelerator.type is not None and accelerator.type not in types:
        yield fault(
            "gres",
            N_("No {name} is of the type {type}.", name=family.resource, type=accelerator.type),
            N_("Set accelerator.type to one of: {types}", types=", ".join(sorted(types))),
        )
    devices = sum(row.total for row in counts if row.name == "gpu")
    per_device = units / devices if devices else 0
    if family.sharing is Sharing.UNITS and devices and per_device != accelerator.units_per_gpu:
        yield fault(
            "gres",
            N_(
                "A GPU has {found} units of {name} here.",
                found=f"{per_device:g}",
                name=family.resource,
            ),
            N_("Set accelerator.units_per_gpu to that number."),
        )
        return
    yield ok("gres", N_("The nodes offer {units} of {name}.", units=units, name=family.resource))


def accounting(settings: Settings, site: Site) -> Finding:
    """Is what a share is made of counted, so that a school's limit can hold?"""
    resource = FAMILIES[settings.accelerator.family].resource
    if not resource:
        return ok("accounting", N_("There are no shares to be counted."))
    tres = f"gres/{resource}"
    if tres in site.tres:
        return ok("accounting", N_("Slurm accounts for {tres}.", tres=tres))
    return fault(
        "accounting",
        N_("Slurm does not account for {tres}: limits of schools will not hold.", tres=tres),
        N_("Add {tres} to AccountingStorageTRES in slurm.conf; restart slurmctld.", tres=tres),
    )


def enforcement(settings: Settings, site: Site) -> Finding:
    """Do associations and limits count for anything?"""
    untold = settings.slurm.backend == "rest" and not site.enforce
    if untold:
        return warn(
            "enforcement",
            N_("slurmrestd does not tell AccountingStorageEnforce."),
            N_("Set slurm.rest_enforce to what slurm.conf has; it needs associations and limits."),
        )
    enforced = set(site.enforce)
    missing = [word for word in ENFORCED if word not in enforced and "all" not in enforced]
    if missing:
        return fault(
            "enforcement",
            N_("AccountingStorageEnforce lacks {words}.", words=", ".join(missing)),
            RESTART,
        )
    return ok("enforcement", N_("Slurm enforces associations and limits."))


def numbers(settings: Settings, site: Site) -> Iterator[Finding]:
    """Do the portal's numbers go with Slurm's?"""
    slurm = settings.slurm
    pairs = (
        ("slurm.array_size", slurm.array_size, "MaxArraySize", site.max_array_size, -1),
        (
            "slurm.command_timeout_s",
            slurm.command_timeout_s,
            "MessageTimeout",
            site.message_timeout_s,
            1,
        ),
        ("slurm.settle_s", slurm.settle_s, "MessageTimeout", site.message_timeout_s, 1),
    )
    for key, mine, name, theirs, sign in pairs:
        if (mine - theirs) * sign > 0:
            continue
        words = N_("below") if sign < 0 else N_("above")
        yield fault(
            "numbers",
            N_(
                "{key} is {mine}, and {name} is {theirs}.",
                key=key,
                mine=mine,
                name=name,
                theirs=theirs,
            ),
            N_("Set {key} {words} {theirs}.", key=key, words=words, theirs=theirs),
        )
