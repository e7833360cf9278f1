"""Reading generic resources out of Slurm's many ways to write them. Pure; never raises.

A node says `gpu:a100:2(S:0-1),shard:a100:16(S:0)`, its use `gpu:a100:1(IDX:0)` and
`shard:a100:3(3/8,0/8)`, an allocation `gres/gpu=1,gres/gpu:a100=1,gres/shard=3`.
A MIG slice is a type of GPU (`gpu:a100_1g.5gb:7`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from portal.scheduler.protocol import GresCount

_ENTRY = re.compile(
    r"(?P<name>[A-Za-z][\w-]*)"
    r"(?::(?P<type>(?!\d+[KMGTP]?(?:\(|$))[^:,()=\s]+))?"
    r"(?::(?P<count>\d+)(?P<unit>[KMGTP]?))?"
    r"(?:\((?P<detail>[^()]*)\))?"
)
_TRES = re.compile(r"gres/(?P<name>[A-Za-z][\w-]*)(?::(?P<type>[^=,\s]+))?=(?P<count>\d+)")
_INDEX = re.compile(r"IDX:(\d{1,3}(?:-\d{1,3})?(?:,\d{1,3}(?:-\d{1,3})?)*)")
# 26.05 writes "-" for the shares of a GPU that is taken whole.
_DEVICE = re.compile(r"(\d+|-)/(\d+)")
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "P": 1024**5}


def parse_gres(text: str) -> tuple[GresCount, ...]:
    """The entries of a node's Gres or GresUsed; a missing count means 1, as in Slurm."""
    found = []
    for part in _split(text):
        match = _ENTRY.fullmatch(part)
        if match is None or part == "(null)":
            continue
        count = int(match["count"]) * _UNITS[match["unit"]] if match["count"] else 1
        detail = match["detail"] or ""
        devices = tuple((int(u.strip("-") or 0), int(t)) for u, t in _DEVICE.findall(detail))
        if match["name"] == "gpu" and (listed := _INDEX.fullmatch(detail)):
            devices = _taken(listed[1])
        found.append(GresCount(match["name"], match["type"] or "", count, 0, devices))
    return tuple(found)


def parse_tres(text: str) -> dict[tuple[str, str], int]:
    """The generic resources of a TRES list, by (name, type); the type is "" for the sum."""
    return {(m["name"], m["type"] or ""): int(m["count"]) for m in _TRES.finditer(text)}


def in_use(
    configured: tuple[GresCount, ...], used: tuple[GresCount, ...], tracked: str, allocated: str
) -> tuple[GresCount, ...]:
    """Join what a node has with what of it is in use.

    `tracked` is the node's CfgTRES and `allocated` its AllocTRES. They are right wherever the site
    accounts for the resource (AccountingStorageTRES); GresUsed is the second source, because
    Slurm 22.05 prints there the number of GPUs that have any shard in use, not of shards.
    """
    counted, taken = parse_tres(tracked), parse_tres(allocated)
    seen = {(item.name, item.type): item for item in used}
    types_of: dict[str, int] = {}
    for item in configured:
        types_of[item.name] = types_of.get(item.name, 0) + 1
    joined = []
    for item in configured:
        key, total = (item.name, item.type), (item.name, "")
        beside = seen.get(key)
        if key in counted:
            number = taken.get(key, 0)
        elif total in counted and types_of[item.name] == 1:
            number = taken.get(total, 0)
        else:
            number = beside.total if beside else 0
        devices = beside.devices if beside else ()
        if item.name == "gpu":
            # Numbers are counted over all types of a node, so with several they tell nothing here.
            whole = types_of[item.name] == 1 and devices and len(devices) <= item.total
            devices = (*devices, *[(0, 1)] * (item.total - len(devices))) if whole else ()
        joined.append(replace(item, used=min(number, item.total), devices=devices))
    return tuple(joined)


def _taken(listed: str) -> tuple[tuple[int, int], ...]:
    """Which GPUs are in use, of "0,2-3": (1, 1) for each that is."""
    numbers: set[int] = set()
    for part in listed.split(","):
        low, _, high = part.partition("-")
        numbers |= set(range(int(low), int(high or low) + 1))
    return tuple((int(index in numbers), 1) for index in range(max(numbers, default=-1) + 1))


def _split(text: str) -> list[str]:
    """Split at commas that are not inside brackets: `shard:16(3/8,0/8)` is one entry."""
    parts, depth, start = [], 0, 0
    for position, sign in enumerate(text):
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth = max(0, depth - 1)
        elif sign == "," and not depth:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]
