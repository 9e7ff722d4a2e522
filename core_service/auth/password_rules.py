"""What a new password may not be: one that is guessed soon. Passwords that people have already stay valid."""

import re
from collections.abc import Iterable

from service_kit.errors import InvalidRequest

EASY_SCORE = 2
"""Passwords below this score of zxcvbn are refused: a million guesses find them. Ours are guessed a hundred times in 15
minutes at most, and each guess at a stolen hash costs argon2id's 64 MiB."""
LONGEST = 72
"""Characters that are looked at. The time grows with the square of them: it is some 20 ms for 72."""
WORD = re.compile(r"[^\W_]{3,}")
PRODUCT = ("activitysmith", "activity", "smith")

RULE = "is too easy to guess: use three or four words that have nothing to do with each other, or with you"


class PasswordTooEasy(InvalidRequest):
    """The new password would be guessed soon."""

    reason, error = "PASSWORD_TOO_EASY", "Password too easy"


def own_words(*texts: str) -> tuple[str, ...]:
    """What others would try first: the texts (a name, an e-mail address) and the words in them."""
    words = [text.lower() for text in texts if text] + [word for text in texts for word in WORD.findall(text.lower())]
    return tuple(dict.fromkeys(words))


def refuse_easy(password: str, words: Iterable[str], field: str) -> None:
    """Raises PasswordTooEasy for a password that is guessed soon by one who knows these words. It computes: call it in
    a thread."""
    # Some 13 MB of word lists, which only those load who choose a password.
    from zxcvbn import zxcvbn

    found = zxcvbn(password[:LONGEST], user_inputs=[*PRODUCT, *words])
    if found["score"] < EASY_SCORE:
        raise PasswordTooEasy.at(field, RULE)
