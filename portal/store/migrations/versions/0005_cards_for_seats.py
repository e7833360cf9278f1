"""Class codes, PINs of seats, and how many wrong guesses are still allowed.

Column by column, as in 0003: other tables point to these.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("class", sa.Column("code", sa.String(length=8), nullable=True))
    homework: sa.Column[bool] = sa.Column(
        "homework", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("class", homework)
    op.create_index(op.f("ix_class_code"), "class", ["code"], unique=True)
    op.add_column("seat", sa.Column("pin_hash", sa.String(length=255), nullable=True))
    op.add_column("seat", sa.Column("dealt_at", sa.Double(), nullable=True))
    op.create_table(
        "allowance",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("used", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_allowance")),
    )
    op.create_index(op.f("ix_allowance_at"), "allowance", ["at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_allowance_at"), table_name="allowance")
    op.drop_table("allowance")
    op.drop_column("seat", "dealt_at")
    op.drop_column("seat", "pin_hash")
    op.drop_index(op.f("ix_class_code"), table_name="class")
    op.drop_column("class", "homework")
    op.drop_column("class", "code")
