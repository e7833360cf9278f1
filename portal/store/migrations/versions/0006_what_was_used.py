"""What each run has used, by Slurm's own times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("class_id", sa.String(length=255), nullable=True),
        sa.Column("template", sa.String(length=255), nullable=False),
        sa.Column("eighths", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["class.id"], name=op.f("fk_usage_class_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_usage_school_id")),
        sa.PrimaryKeyConstraint("job_id", "task", "started_at", name=op.f("pk_usage")),
    )
    op.create_index(op.f("ix_usage_school_id"), "usage", ["school_id"], unique=False)
    op.create_index(op.f("ix_usage_started_at"), "usage", ["started_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_usage_started_at"), table_name="usage")
    op.drop_index(op.f("ix_usage_school_id"), table_name="usage")
    op.drop_table("usage")
