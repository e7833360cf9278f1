"""GPUs as rows of eight little blocks, filled by school."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Classes of the stylesheet, told apart by pattern as well as by colour.
COLOURS = 8
OTHERS = "others"


@dataclass(frozen=True)
class Bar:
    """One GPU. `blocks` has one entry for each eighth: a Slurm account, or None where free."""

    index: int
    type: str
    blocks: tuple[str | None, ...]

    @property
    def used(self) -> int:
        """Eighths in use."""
        return sum(block is not None for block in self.blocks)


@dataclass(frozen=True)
class Node:
    """One node of the cluster with its GPUs."""

    name: str
    state: str
    usable: bool
    reason: str
    bars: tuple[Bar, ...]
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int


def nodes_of(view: Mapping[str, Any]) -> tuple[Node, ...]:
    """The agent's view as nodes and bars."""
    return tuple(
        Node(
            name=str(node["name"]),
            state=str(node.get("state", "")),
            usable=bool(node.get("usable", True)),
            reason=str(node.get("reason") or ""),
            bars=_bars(node),
            cpus=int(node.get("cpus", 0)),
            cpus_used=int(node.get("cpus_used", 0)),
            memory_mb=int(node.get("memory_mb", 0)),
            memory_used_mb=int(node.get("memory_used_mb", 0)),
        )
        for node in view.get("nodes", ())
    )


def _bars(node: Mapping[str, Any]) -> tuple[Bar, ...]:
    """The node's GPUs, filled one after the other by what each school holds on the node.

    Slurm tells for a task on which node it is and not on which GPU of it.
    """
    held = [name for name, eighths in (node.get("schools") or {}).items() for _ in range(eighths)]
    return tuple(_bar(number, gpu, held) for number, gpu in enumerate(node.get("gpus", ())))


def _bar(number: int, gpu: Mapping[str, Any], held: list[str]) -> Bar:
    """One GPU; takes out of `held` what it shows."""
    total = int(gpu.get("eighths", 8))
    blocks: list[str | None] = []
    for use in gpu.get("used", ()):
        blocks += [str(use.get("school") or OTHERS)] * int(use.get("eighths", 0))
    unnamed = int(gpu.get("used_eighths", 0)) - len(blocks)
    for _ in range(unnamed):
        blocks.append(held.pop(0) if held else OTHERS)
    blocks = blocks[:total]
    blocks += [None] * (total - len(blocks))
    return Bar(int(gpu.get("index", number)), str(gpu.get("type", "")), tuple(blocks))


def colour_of(number: int) -> str:
    """The stylesheet's class for the n-th school."""
    return f"school-{number % COLOURS}"
