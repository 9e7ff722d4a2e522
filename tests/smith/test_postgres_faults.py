"""PostgreSQL's complaints become one line that says what to do."""

from pathlib import Path

import pytest

from cli.up.postgres_faults import explain

FOLDER = Path("/srv/smith/postgres")
EARLIER = "LOG:  starting PostgreSQL 18.0\nFATAL:  data directory has wrong ownership\n"
SHARED_MEMORY = (
    'FATAL:  could not resize shared memory segment "/PostgreSQL.1" to 1048576 bytes: No space left on device\n'
)
START = "LOG:  starting PostgreSQL 18.0\n"


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        (
            SHARED_MEMORY + "PANIC:  cannot abort transaction 1, it was already committed\n",
            "has no room for PostgreSQL",
        ),
        ("initdb: error: could not create directory: No space left on device\n", "no space is left on the disk"),
        (EARLIER + START + 'FATAL:  could not write lock file "x": No space left on device\n', "no space is left"),
        (
            'FATAL:  data directory "/srv/smith/postgres" has invalid permissions\n',
            "run `chmod 0700 /srv/smith/postgres`",
        ),
        ('FATAL:  data directory "/srv/smith/postgres" has wrong ownership\n', "belongs to another user"),
        (EARLIER + START + "FATAL:  something new\n", "PostgreSQL says: something new"),
    ],
)
def test_a_complaint_is_answered_with_what_to_do(complaint: str, said: str) -> None:
    assert said in (explain(complaint, FOLDER) or "")


def test_what_an_earlier_start_said_is_not_repeated() -> None:
    assert explain(EARLIER + START + "LOG:  database system is ready to accept connections\n", FOLDER) is None
