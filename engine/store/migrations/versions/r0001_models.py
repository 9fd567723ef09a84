"""Models and marks: the tables of the first Paredown, which had no revisions.

Where they are here already they stay as they are, and only the revision is noted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the two tables unless they are here."""
    op.create_table(
        "models",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("file_bytes", sa.BigInteger, nullable=False),
        sa.Column("op_count", sa.Integer, nullable=False),
        sa.Column("dims", sa.Text, nullable=False),
        sa.Column("properties", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.UniqueConstraint("owner", "sha256"),
        if_not_exists=True,
    )
    op.create_table("marks", sa.Column("name", sa.String(40), primary_key=True), if_not_exists=True)
