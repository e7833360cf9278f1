"""Who may do what at every route, held against ``scripts/stage/security/access.txt``."""

from __future__ import annotations

from stage.security import access


def test_every_route_answers_every_role_as_the_table_says() -> None:
    """A route that is not in the table is a failure, too."""
    outcome = access.tried(0)
    assert outcome.words == []
    assert outcome.tries > 800
