"""People, what is granted to them, links, and what was done; who saved a checkpoint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    """Create the tables."""
    op.add_column("checkpoints", sa.Column("author", sa.String(200), nullable=False,
                                           server_default=""))  # fmt: skip
    op.create_table(
        "people",
        sa.Column("name", sa.String(200), primary_key=True), _text("first", 32), _text("last", 32),
    )  # fmt: skip
    op.create_table(
        "grants",
        sa.Column("kind", sa.String(12), primary_key=True),
        sa.Column("object_id", sa.String(32), primary_key=True),
        sa.Column("grantee", sa.String(210), primary_key=True),
        sa.Column("role", sa.Integer, nullable=False),
        _text("by", 200), _text("created", 32),
    )  # fmt: skip
    op.create_index("grants_to", "grants", ["grantee", "kind"])
    op.create_table(
        "links",
        sa.Column("id", sa.String(32), primary_key=True),
        _text("kind", 12), _text("object_id", 32),
        sa.Column("role", sa.Integer, nullable=False),
        sa.Column("embed", sa.Boolean, nullable=False),
        sa.Column("origins", sa.Text, nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        _text("label", 200),
        sa.Column("source", sa.Boolean, nullable=False),
        _text("by", 200), _text("created", 32), _text("expires", 32), _text("revoked", 32),
    )  # fmt: skip
    op.create_index("links_to", "links", ["kind", "object_id"])
    op.create_table(
        "link_users",
        sa.Column("link_id", sa.String(32), sa.ForeignKey("links.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("user", sa.String(200), primary_key=True),
        _text("created", 32),
    )  # fmt: skip
    op.create_index("link_users_by_user", "link_users", ["user"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("time", 32), _text("user", 200), _text("verb", 40), _text("kind", 12),
        _text("object_id", 32),
    )  # fmt: skip
    op.create_index("events_by_time", "events", ["time"])
