"""How many examples a property is tried with: all in `make test-all`, a fifth where `thorough` is left out.

Each run draws others, so every change still adds to what was tried.
"""

import os

VARIABLE = "SMITH_TEST_FEWER_EXAMPLES"
"""Set by the process that reads `-m`, for its workers as well."""
SHARE = 5


def begin(markexpr: str) -> None:
    """Notes whether the run leaves out what is thorough."""
    if "not thorough" in markexpr:
        os.environ[VARIABLE] = "1"
    else:
        os.environ.pop(VARIABLE, None)


def examples(count: int) -> int:
    """`count`, or its share in a run that is not thorough."""
    return count if is_thorough() else count // SHARE


def is_thorough() -> bool:
    """Whether the run has the tests that are thorough."""
    return VARIABLE not in os.environ
