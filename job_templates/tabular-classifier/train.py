"""Trains one of BaseML's classifiers on a table. README.md says what a class does with it.

python train.py --run run.json
python train.py --data table.csv --set algorithm=CART --set depth=3
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime import Run, run_program


def train(run: Run) -> None:
    """Loads the libraries inside the frame, so that a missing one is told by name."""
    with run.libraries():
        from no_drawing import leave_out_drawing

        leave_out_drawing()
        from lesson import learn_table
    learn_table(run)


if __name__ == "__main__":
    sys.exit(run_program(train))
