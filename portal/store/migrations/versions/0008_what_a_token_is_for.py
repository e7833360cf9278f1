"""Tokens have scopes. Those that were given before may do what they could do: everything."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "token",
        sa.Column(
            "scopes",
            sa.String(length=64),
            nullable=False,
            server_default="read train data manage",
        ),
    )


def downgrade() -> None:
    op.drop_column("token", "scopes")
