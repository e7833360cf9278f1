"""Faults on purpose, on a real cluster, and what people were shown meanwhile: `scripts/chaos`.

A stream of small lessons goes through the portal's API while the agent, Slurm's daemons, the disk
and the clock are hurt at seeded moments. Every program that starts writes a line to a ledger that
no part of the portal touches, and every state that the database ever held is kept. The judge
compares the two with Slurm's accounting at the end.
"""
