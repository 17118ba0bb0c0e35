"""What is stored. Nothing here can be read without a key that is not here."""

from typing import Final

import sqlalchemy as sa

DECOY: Final = bytes(16)  # the row of tries that unknown tokens count on; no token makes this id

tables = sa.MetaData()
# No address, no name: a row's id and key come from a token that only the writer's inbox holds.
waiting = sa.Table(
    "waiting",
    tables,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),  # times claimed; fences off a late sender
    sa.Column("doubts", sa.Integer, nullable=False),  # attempts that may have sent it
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    sa.Column("browser", sa.LargeBinary(16), index=True),
)
# Apart from the letters, so that counting a try costs the same for a known and an unknown token.
tries = sa.Table(
    "tries",
    tables,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
)
# One row for all mails of a second: what a limit looks through stays short however many there are.
counted = sa.Table(
    "counted",
    tables,
    sa.Column("key", sa.LargeBinary(16), primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
submissions = sa.Table(
    "submissions",
    tables,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("content", sa.LargeBinary(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)
blocked = sa.Table("blocked", tables, sa.Column("key", sa.LargeBinary(16), primary_key=True))
lasting_keys = sa.Table(
    "lasting_keys",
    tables,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
daily = sa.Table(
    "daily",
    tables,
    sa.Column("day", sa.Integer, primary_key=True),  # days since 1970-01-01
    sa.Column("situation", sa.String(64), primary_key=True),
    sa.Column("level", sa.String(16), primary_key=True),
    sa.Column("outcome", sa.String(16), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)
# A round of a peer group. `until` is when its ballots stop counting; all else is sealed.
rounds = sa.Table(
    "rounds",
    tables,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("busy_until", sa.BigInteger, nullable=False),  # one press at a time
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
# No time, no order, no name: SQLite keeps the rows by their ids, which are random.
ballots = sa.Table(
    "ballots",
    tables,
    sa.Column("id", sa.LargeBinary(16), primary_key=True),
    sa.Column("round", sa.LargeBinary(16), nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),  # its key, for whoever counts
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
# How many gave a sentence a mark: no time, no browser, nothing that joins two marks to one person.
feedback = sa.Table(
    "feedback",
    tables,
    sa.Column("sentence", sa.String(128), primary_key=True),  # "" is the letter as a whole
    sa.Column("wording", sa.LargeBinary(4), primary_key=True),  # other words begin anew
    sa.Column("mark", sa.String(16), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)
