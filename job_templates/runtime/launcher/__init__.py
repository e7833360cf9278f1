"""The node's side of a run: Python's standard library only, any Python from 3.9 on."""
