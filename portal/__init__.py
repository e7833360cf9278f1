"""Kesuan (课算): a thin portal between a classroom and a centre's Slurm."""
