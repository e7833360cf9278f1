"""The backend that simulates."""

from portal.scheduler.memory.backend import MemoryScheduler
from portal.scheduler.memory.play import Play, Program

__all__ = ["MemoryScheduler", "Play", "Program"]
