"""What tries to break in: one module for each row of `scripts/bench security`.

Each has `tried(tries)`, which makes that many tries and answers with an `Outcome`. They run in the
portal's own Python (`python -m stage.security ROW TRIES`); the tests call them with few tries.
"""
