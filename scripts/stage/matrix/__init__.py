"""The contract of every way to Slurm, on every version of Slurm: ./scripts/test --slurm-matrix."""
