"""Random numbers that are a function of what they are for.

Each number is the hash of a seed and of words that name its use (a lesion, a draw, a quantity), so
it does not hang on how many were drawn before it, in which order or by which process. The same
words give the same number under every policy, on every machine and with every version of numpy.
"""

import hashlib
from math import floor

from scipy.special import ndtri

_BITS = 53  # of the mantissa of a float


def uniform(seed: int, *words: object) -> float:
    """Return a number between 0 and 1, both excluded, evenly distributed over all words.

    Examples
    --------
    >>> uniform(1, "lesion 7", "draw 2") == uniform(1, "lesion 7", "draw 2")
    True
    >>> round(uniform(1, "lesion 7", "draw 2"), 6), round(uniform(2, "lesion 7", "draw 2"), 6)
    (0.748905, 0.310294)
    """
    text = "\x1f".join(str(word) for word in (seed, *words))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:8], "big") >> (64 - _BITS)
    return (number + 0.5) / 2.0**_BITS


def normal(seed: int, *words: object) -> float:
    """Return a number of the standard normal distribution."""
    return float(ndtri(uniform(seed, *words)))


def whole(n: int, seed: int, *words: object) -> int:
    """Return one of the whole numbers from 0 to ``n - 1``, each as likely."""
    return min(n - 1, floor(n * uniform(seed, *words)))
