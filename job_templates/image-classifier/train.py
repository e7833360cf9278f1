"""Trains a small network to tell classes of pictures apart. README.md says what a class does.

python train.py --run run.json
python train.py --data FOLDER --set epochs=3
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime import Run, run_program


def train(run: Run) -> None:
    """Loads the libraries inside the frame, so that a missing one is told by name."""
    with run.libraries():
        from lesson import learn_pictures
    learn_pictures(run)


if __name__ == "__main__":
    sys.exit(run_program(train))
