"""Analyses with their checkpoints and drafts; budgets and groups of a model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the five tables."""
    for table, document in (("model_budgets", "budgets"), ("model_groups", "groups")):
        op.create_table(
            table,
            sa.Column(
                "model_id",
                sa.String(32),
                sa.ForeignKey("models.id", ondelete="CASCADE"),
                primary_key=True,
            ),
            sa.Column(document, sa.Text, nullable=False),
            sa.Column("updated", sa.String(32), nullable=False),
        )
    op.create_table(
        "analyses",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column(
            "model_id",
            sa.String(32),
            sa.ForeignKey("models.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("fps", sa.Float),
        sa.Column("bindings", sa.Text, nullable=False),
        sa.Column("budgets", sa.Text, nullable=False),
        sa.Column("forked_from", sa.String(32), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("updated", sa.String(32), nullable=False),
        sa.Column("deleted", sa.String(32), nullable=False),
    )
    op.create_index("analyses_of_a_model", "analyses", ["model_id"])
    op.create_index("analyses_forked_from", "analyses", ["forked_from"])
    standing = sa.text("deleted = ''")
    op.create_index(
        "analyses_names",
        "analyses",
        ["owner", "model_id", "name"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "analysis_id",
            sa.String(32),
            sa.ForeignKey("analyses.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("parent_id", sa.String(32), sa.ForeignKey("checkpoints.id", ondelete="SET NULL")),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("totals", sa.Text, nullable=False),
        sa.Column("engine", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.UniqueConstraint("analysis_id", "seq", name="checkpoints_order"),
    )
    op.create_index("checkpoints_parent", "checkpoints", ["parent_id"])
    op.create_index("checkpoints_digest", "checkpoints", ["analysis_id", "digest"])
    op.create_table(
        "drafts",
        sa.Column(
            "analysis_id",
            sa.String(32),
            sa.ForeignKey("analyses.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("owner", sa.String(200), primary_key=True),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("history", sa.Text, nullable=False),
        sa.Column("base_id", sa.String(32), sa.ForeignKey("checkpoints.id", ondelete="SET NULL")),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated", sa.String(32), nullable=False),
    )
    op.create_index("drafts_base", "drafts", ["base_id"])
