"""With what QOS a run waits that was moved to its school's guaranteed part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("qos", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "qos")
