"""Who somebody is in the centre's directory, and when it last had no role for them.

Column by column and with an index: a batch would make the table anew on SQLite, which other tables
point to. https://alembic.sqlalchemy.org/en/latest/batch.html#dealing-with-referencing-foreign-keys
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    way = sa.Column("way", sa.String(length=16), nullable=False, server_default="local")
    op.add_column("user", way)
    op.add_column("user", sa.Column("subject", sa.String(length=255), nullable=True))
    op.add_column("user", sa.Column("left_at", sa.Double(), nullable=True))
    op.create_index(op.f("ix_user_way_subject"), "user", ["way", "subject"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_user_way_subject"), table_name="user")
    op.drop_column("user", "left_at")
    op.drop_column("user", "subject")
    op.drop_column("user", "way")
