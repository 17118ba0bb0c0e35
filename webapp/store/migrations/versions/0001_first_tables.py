"""The first tables; written out, so that a later change of database.py does not change the past."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

DECOY = bytes(16)  # the row of tries that unknown tokens count on


def upgrade() -> None:
    """Waiting letters and their tries, what the limits count, the block list, the daily counts."""
    _waiting()
    _limits()


def _waiting() -> None:
    op.create_table(
        "waiting",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("doubts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("browser", sa.LargeBinary(16), index=True),
    )
    tries = op.create_table(
        "tries",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(tries, [{"id": DECOY, "number": 0, "last_at": 0}])


def _limits() -> None:
    op.create_table(
        "counted",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
    )
    op.create_index("ix_counted_key_at", "counted", ["key", "at"])
    op.create_table(
        "submissions",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("content", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table("blocked", sa.Column("key", sa.LargeBinary(16), primary_key=True))
    op.create_table(
        "lasting_keys",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "daily",
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("situation", sa.String(64), primary_key=True),
        sa.Column("level", sa.String(16), primary_key=True),
        sa.Column("outcome", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
