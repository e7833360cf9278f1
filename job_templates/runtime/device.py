"""Where torch computes, and how much of it belongs to this run."""

from __future__ import annotations

from typing import Any


def torch_device(share: dict[str, Any]) -> Any:
    """The torch device of a share: its part of the GPU, or as many CPU threads as it has cores.

    GPU memory is capped to the share, so that a neighbour's model fits whatever this one does:
    https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory.set_per_process_memory_fraction.html
    """
    import torch

    cores = share.get("cores")
    if cores:
        torch.set_num_threads(int(cores))
    # A laptop has no share and may use the GPU it has; a share of no eighths is the CPU alone.
    if share.get("eighths") == 0 or not torch.cuda.is_available():
        return torch.device("cpu")
    cap_gpu_memory(float(share.get("memory_fraction") or 1.0))
    return torch.device("cuda")


def cap_gpu_memory(fraction: float) -> None:
    """Lets torch take at most this fraction of the GPU's memory; more raises OutOfMemoryError."""
    import torch

    torch.cuda.set_per_process_memory_fraction(min(max(fraction, 0.01), 1.0))
