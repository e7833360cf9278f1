"""Kesuan's world on one machine, for the demo, the tests and the benchmarks.

A real Slurm with accounting, a site's settings and folders, the portal's two processes and a
throwaway PostgreSQL. Standard library only: it runs before anything has been installed by pip.
Nothing in ``portal`` imports it, and a centre that installs Kesuan never needs it.
"""
