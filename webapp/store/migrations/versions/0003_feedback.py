"""How helpful people found letters and sentences: counters, and nothing of who marked them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """One table; nothing else changes."""
    op.create_table(
        "feedback",
        sa.Column("sentence", sa.String(128), primary_key=True),
        sa.Column("wording", sa.LargeBinary(4), primary_key=True),
        sa.Column("mark", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
