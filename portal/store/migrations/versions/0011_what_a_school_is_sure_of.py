"""A school's guaranteed part and its partitions, and with what QOS and where a batch was sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("school", sa.Column("guaranteed", sa.Integer(), nullable=True))
    op.add_column("school", sa.Column("partitions", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("batch", sa.Column("qos", sa.String(), nullable=True))
    op.add_column("batch", sa.Column("partition", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("batch", "partition")
    op.drop_column("batch", "qos")
    op.drop_column("school", "partitions")
    op.drop_column("school", "guaranteed")
