"""What the limits count: one row for all mails of a second, in place of one for each mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nobody's count is forgotten on the way."""
    op.drop_index("ix_counted_key_at", "counted")
    op.drop_index("ix_counted_at", "counted")
    op.rename_table("counted", "counted_mails")
    op.create_table(
        "counted",
        sa.Column("key", sa.LargeBinary(16), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_counted_at", "counted", ["at"])
    op.execute(
        "INSERT INTO counted (key, at, number)"
        " SELECT key, at, count(*) FROM counted_mails GROUP BY key, at"
    )
    op.drop_table("counted_mails")
