"""Why a training fails, as exceptions that carry the reason code of status.json.

The sentences for people belong to the portal (portal/runs/reasons.py); `detail` is for staff.
"""

from __future__ import annotations


class Failure(Exception):
    """A training that cannot go on, and the code that says why."""

    reason = "program-error"


class DataUnreadable(Failure):
    """The data set is not there, or is not what its manifest says."""

    reason = "data-unreadable"


class TooLittleData(Failure):
    """There is not enough to learn from and to test with."""

    reason = "too-little-data"


class EnvironmentMissing(Failure):
    """A library, module, image or interpreter is not on this node."""

    reason = "environment-missing"


class GpuMemory(Failure):
    """The model and its data do not fit into the share of the GPU."""

    reason = "gpu-memory"


class OutOfMemory(Failure):
    """The job's main memory is spent."""

    reason = "out-of-memory"


class NotANumber(Failure):
    """A loss became infinite or no number at all."""

    reason = "not-a-number"


class Stopped(Failure):
    """A signal ended the training before it was done."""

    reason = "stopped-by-signal"


REASONS = tuple(
    sorted(
        {
            kind.reason
            for kind in (
                Failure,
                DataUnreadable,
                TooLittleData,
                EnvironmentMissing,
                GpuMemory,
                OutOfMemory,
                NotANumber,
                Stopped,
            )
        }
    )
)

# What torch says when the machine has no memory left: a plain RuntimeError with these words in it
# (c10/core/impl/alloc_cpu.cpp, c10/cuda/CUDACachingAllocator.cpp).
CPU_WORDS = ("DefaultCPUAllocator: ", "can't allocate memory", "not enough memory")
GPU_WORDS = ("CUDA out of memory", "HIP out of memory", "CUBLAS_STATUS_ALLOC_FAILED")


def reason_of(error: BaseException) -> tuple[str, str]:
    """The reason code of any exception, and one line about it for staff."""
    name, words = type(error).__name__, str(error).strip()
    last = words.splitlines()[-1] if words else ""
    detail = f"{name}: {last}" if last else name
    if isinstance(error, Failure):
        return error.reason, detail
    if isinstance(error, MemoryError):
        return OutOfMemory.reason, detail
    if name == "OutOfMemoryError" or any(word in words for word in GPU_WORDS):
        return GpuMemory.reason, detail
    if isinstance(error, RuntimeError) and any(word in words for word in CPU_WORDS):
        return OutOfMemory.reason, detail
    return Failure.reason, detail
