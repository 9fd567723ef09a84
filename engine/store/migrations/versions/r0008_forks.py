"""Forks of experiments: where each comes from, and one file may be somebody's more than once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
# The rule that a person has a file once had no name.
NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}


def upgrade() -> None:
    """Add the columns; a fork has the file of what it was forked from."""
    with op.batch_alter_table("experiments", naming_convention=NAMES) as table:
        table.drop_constraint("uq_experiments_owner", type_="unique")
        for name, length in (("forked_from", 32), ("forked_name", 200), ("forked_owner", 200)):
            table.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.create_index(
        "experiments_files", "experiments", ["owner", "sha256"], unique=True,
        sqlite_where=sa.text("forked_from = ''"), postgresql_where=sa.text("forked_from = ''"),
    )  # fmt: skip
