"""What a school may use, in shares at once and share-hours a month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("school", sa.Column("shares", sa.Integer(), nullable=True))
    op.add_column("school", sa.Column("share_hours", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("school", "share_hours")
    op.drop_column("school", "shares")
