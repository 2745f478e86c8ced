"""One at a time: what two transactions must not do at once, although they share no row."""

from django.db import connection

# Any number that nothing else in this database locks.
_LOCK = 5_401_001


def one_at_a_time() -> None:
    """Until the caller's transaction ends nobody else enqueues or plans: what was seen stays true.

    SQLite lets one transaction write at a time anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
