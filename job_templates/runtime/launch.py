"""What a job does on a node: claim the attempt, run its program, say how it went.

Started by job.sh in the batch's folder, by the node's own python3 (3.9 or later) in isolated mode,
with nothing but the standard library. The contract is in docs/write-a-template.md.
"""

import sys
from pathlib import Path

# Isolated mode (-I) leaves the script's folder off the path; `runtime` lies one above it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime.launcher.attempt import run_task

if __name__ == "__main__":
    sys.exit(run_task(Path.cwd()))
