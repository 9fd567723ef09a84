"""Predictions of the models of an experiment, and the instances that they are of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _experiment() -> sa.Column[str]:
    whose = sa.ForeignKey("experiments.id", ondelete="CASCADE")
    return sa.Column("experiment_id", sa.String(32), whose, primary_key=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "experiment_data",
        _experiment(),
        sa.Column("data", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )
    op.create_table(
        "predictions",
        _experiment(),
        sa.Column("model", sa.String(500), primary_key=True),
        sa.Column("data", sa.String(64), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("words", sa.String(300), nullable=False),
        sa.Column("made_from", sa.String(64), nullable=False),
        sa.Column("engine", sa.String(40), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )
