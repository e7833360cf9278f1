"""The first floor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cluster_view",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("view", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cluster_view")),
    )
    op.create_table(
        "content",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_content")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("slurm_answered_at", sa.Double(), nullable=True),
        sa.Column("slurm_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "school",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slurm_account", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.UniqueConstraint("slug", name=op.f("uq_school_slug")),
        sa.UniqueConstraint("slurm_account", name=op.f("uq_school_slurm_account")),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("eighths", sa.Integer(), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("submitting_since", sa.Double(), nullable=True),
        sa.Column("submitted_at", sa.Double(), nullable=True),
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_batch_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_school_id"), ["school_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_state"), ["state"], unique=False)

    op.create_table(
        "class",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_class_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class")),
        sa.UniqueConstraint("school_id", "slug", name=op.f("uq_class_school_id_slug")),
    )
    with op.batch_alter_table("class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_school_id"), ["school_id"], unique=False)

    op.create_table(
        "user",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("school_id", sa.String(length=255), nullable=True),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_user_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("login", name=op.f("uq_user_login")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_school_id"), ["school_id"], unique=False)

    op.create_table(
        "answered",
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("made", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_answered_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_answered")),
    )
    with op.batch_alter_table("answered", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answered_created_at"), ["created_at"], unique=False)

    op.create_table(
        "data_set",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("owner_id", sa.String(length=255), nullable=True),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("name_zh", sa.String(length=255), nullable=False),
        sa.Column("name_en", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("licence", sa.String(length=255), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("school_id", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_data_set_owner_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_data_set_school_id")),
        sa.ForeignKeyConstraint(["sha256"], ["content.sha256"], name=op.f("fk_data_set_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_set")),
        sa.UniqueConstraint("school_id", "slug", name=op.f("uq_data_set_school_id_slug")),
    )
    with op.batch_alter_table("data_set", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_data_set_school_id"), ["school_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_data_set_sha256"), ["sha256"], unique=False)

    op.create_table(
        "seat",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("class_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["class.id"], name=op.f("fk_seat_class_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_seat_school_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_seat_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("class_id", "number", name=op.f("uq_seat_class_id_number")),
        sa.UniqueConstraint("user_id", name=op.f("uq_seat_user_id")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_school_id"), ["school_id"], unique=False)

    op.create_table(
        "token",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_token_sha256")),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "lesson",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("class_id", sa.String(length=255), nullable=False),
        sa.Column("owner_id", sa.String(length=255), nullable=False),
        sa.Column("template", sa.String(length=255), nullable=False),
        sa.Column("data_set_id", sa.String(length=255), nullable=False),
        sa.Column("eighths", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("starts_at", sa.Double(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["class.id"], name=op.f("fk_lesson_class_id")),
        sa.ForeignKeyConstraint(
            ["data_set_id"], ["data_set.id"], name=op.f("fk_lesson_data_set_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_lesson_owner_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_lesson_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
    )
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesson_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lesson_school_id"), ["school_id"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("owner_id", sa.String(length=255), nullable=False),
        sa.Column("lesson_id", sa.String(length=255), nullable=True),
        sa.Column("seat_id", sa.String(length=255), nullable=True),
        sa.Column("template", sa.String(length=255), nullable=False),
        sa.Column("template_version", sa.String(length=64), nullable=False),
        sa.Column("data_set_id", sa.String(length=255), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("eighths", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("ends_by", sa.Double(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("slurm_words", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.String(length=255), nullable=True),
        sa.Column("task", sa.Integer(), nullable=True),
        sa.Column("cancel_asked_at", sa.Double(), nullable=True),
        sa.Column("finish_asked_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("submitted_at", sa.Double(), nullable=True),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("checked_at", sa.Double(), nullable=True),
        sa.Column("metrics", sa.JSON(), nullable=True),
        sa.Column("timing", sa.JSON(), nullable=True),
        sa.Column("school_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_run_batch_id")),
        sa.ForeignKeyConstraint(["data_set_id"], ["data_set.id"], name=op.f("fk_run_data_set_id")),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name=op.f("fk_run_lesson_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_run_owner_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_run_school_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_run_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("batch_id", "task", name=op.f("uq_run_batch_id_task")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_run_lesson_seat", ["lesson_id", "seat_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_school_id"), ["school_id"], unique=False)
        batch_op.create_index("ix_run_state_created", ["state", "created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index("ix_run_state_created")
        batch_op.drop_index(batch_op.f("ix_run_school_id"))
        batch_op.drop_index(batch_op.f("ix_run_owner_id"))
        batch_op.drop_index("ix_run_lesson_seat")
        batch_op.drop_index(batch_op.f("ix_run_batch_id"))

    op.drop_table("run")
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesson_school_id"))
        batch_op.drop_index(batch_op.f("ix_lesson_class_id"))

    op.drop_table("lesson")
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_user_id"))

    op.drop_table("token")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_school_id"))

    op.drop_table("seat")
    with op.batch_alter_table("data_set", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_set_sha256"))
        batch_op.drop_index(batch_op.f("ix_data_set_school_id"))

    op.drop_table("data_set")
    with op.batch_alter_table("answered", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answered_created_at"))

    op.drop_table("answered")
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_school_id"))

    op.drop_table("user")
    with op.batch_alter_table("class", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_class_school_id"))

    op.drop_table("class")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_state"))
        batch_op.drop_index(batch_op.f("ix_batch_school_id"))

    op.drop_table("batch")
    op.drop_table("school")
    op.drop_table("lease")
    op.drop_table("content")
    op.drop_table("cluster_view")
