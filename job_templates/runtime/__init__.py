"""What a template's program imports: `run_program`, the `Run` it gets, and ways to fail.

Standard library only, any Python from 3.9 on: the launcher shares this package on the node.
"""

from runtime.failures import DataUnreadable, Failure, NotANumber, TooLittleData
from runtime.program import run_program
from runtime.run import Run

__all__ = ["DataUnreadable", "Failure", "NotANumber", "Run", "TooLittleData", "run_program"]
