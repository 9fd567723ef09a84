"""Models that jobs add to an experiment, and the files of its models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _experiment() -> sa.Column[str]:
    whose = sa.ForeignKey("experiments.id", ondelete="CASCADE")
    return sa.Column("experiment_id", sa.String(32), whose, primary_key=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "experiment_models",
        _experiment(),
        sa.Column("model", sa.String(500), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("made", sa.Boolean, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
    )
    op.create_table(
        "experiment_files",
        _experiment(),
        sa.Column("role", sa.String(10), primary_key=True),
        sa.Column("model", sa.String(500), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("words", sa.String(300), nullable=False),
    )
