"""Who somebody is in the centre's directory, and when it last had no role for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("way", sa.String(length=16), nullable=False, server_default="local")
        )
        batch_op.add_column(sa.Column("subject", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("left_at", sa.Double(), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_user_way_subject"), ["way", "subject"])


def downgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_user_way_subject"), type_="unique")
        batch_op.drop_column("left_at")
        batch_op.drop_column("subject")
        batch_op.drop_column("way")
