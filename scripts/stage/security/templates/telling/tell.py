"""Writes down what reached it: its environment, its arguments, its folder and its parameters."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime import Run, run_program


def tell(run: Run) -> None:
    """Everything that a submission may have changed."""
    told = {
        "environment": dict(os.environ),
        "arguments": sys.argv,
        "folder": str(Path.cwd()),
        "parameters": run.parameters,
    }
    (run.out / "told.json").write_text(json.dumps(told), encoding="utf-8")
    run.save_json("labels.json", ["one", "two"], "labels")
    run.headline(accuracy=1.0)


if __name__ == "__main__":
    sys.exit(run_program(tell))
