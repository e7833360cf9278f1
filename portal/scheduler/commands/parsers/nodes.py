"""Nodes, from scontrol."""

from __future__ import annotations

import re

from portal.scheduler.commands.parsers.words import number
from portal.scheduler.errors import Unavailable
from portal.scheduler.gres import in_use, parse_gres
from portal.scheduler.protocol import NodeState, NodeStatus

# The signs that a state's base may end in, https://slurm.schedmd.com/sinfo.html#SECTION_NODE-STATE-CODES
_SIGNS = {
    "*": "NOT_RESPONDING",
    "~": "POWERED_DOWN",
    "#": "POWERING_UP",
    "!": "POWER_DOWN",
    "%": "POWERING_DOWN",
    "$": "MAINTENANCE",
    "@": "REBOOT_REQUESTED",
    "^": "REBOOT_ISSUED",
    "-": "PLANNED",
}


def nodes(text: str) -> list[NodeStatus]:
    """`scontrol --details --oneliner show nodes`."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines == ["No nodes in the system"]:
        return []
    return [_node(line) for line in lines]


def _node(line: str) -> NodeStatus:
    found = dict(re.findall(r"(?:^| )([A-Za-z_]+)=(\S*)", line))
    if not found.get("NodeName") or not found.get("State"):
        raise Unavailable(f"scontrol printed {line[:200]!r}")
    reason = re.search(r" Reason=(.*?)(?: \[\S+@\S+\])?(?:  | Comment=|$)", line)
    return NodeStatus(
        name=found["NodeName"],
        state=_node_state(found["State"]),
        cpus=number(found.get("CPUTot", "")),
        cpus_used=number(found.get("CPUAlloc", "")),
        memory_mb=number(found.get("RealMemory", "")),
        memory_used_mb=number(found.get("AllocMem", "")),
        gres=in_use(
            parse_gres(found.get("Gres", "")),
            parse_gres(found.get("GresUsed", "")),
            found.get("CfgTRES", ""),
            found.get("AllocTRES", ""),
        ),
        reason=reason[1].strip() if reason else "",
        partitions=tuple(filter(None, found.get("Partitions", "").split(","))),
    )


def _node_state(text: str) -> NodeState:
    base, *flags = text.split("+")
    while base and base[-1] in _SIGNS:
        flags.append(_SIGNS[base[-1]])
        base = base[:-1]
    return NodeState(base, frozenset(filter(None, flags)))
