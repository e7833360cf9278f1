"""Terms, consent, data that shows people, and the receipts of what was deleted.

Column by column, as in 0003: other tables point to these. SQLite takes a foreign key only together
with its column, so these two are written out.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

POINTERS = (("class", "term_id", "term"), ("data_set", "class_id", "class"))


def upgrade() -> None:
    _of_school(
        "term",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("school_id", "name", name=op.f("uq_term_school_id_name")),
    )
    _of_school(
        "consent",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=255), nullable=True),
        sa.Column("withdrawn_at", sa.Double(), nullable=True),
    )
    _of_school(
        "erasure",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=True),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.Double(), nullable=True),
    )
    op.create_index(op.f("ix_erasure_state"), "erasure", ["state"], unique=False)
    personal: sa.Column[bool] = sa.Column(
        "personal", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("data_set", personal)
    for table, column, to in POINTERS:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(255) "
            f"CONSTRAINT fk_{table}_{column} REFERENCES {to} (id)"
        )
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def downgrade() -> None:
    for table, column, _ in POINTERS:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
        op.drop_column(table, column)
    op.drop_column("data_set", "personal")
    for table in ("erasure", "consent", "term"):
        op.drop_table(table)


def _of_school(name: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    """A table with an id, whose rows belong to a school."""
    op.create_table(
        name,
        sa.Column("id", sa.String(length=255), nullable=False),
        *parts,
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f(f"fk_{name}_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_school_id"), name, ["school_id"], unique=False)
