"""Broken versions of a file's bytes."""

import numpy as np

from tests.support.guarded import guarded_run

__all__ = ["guarded_run", "mutations"]

_HEADER = 64


def mutations(data, count, seed):
    """Yield broken versions of `data`.

    In turn: bits flipped, the end cut off, a part repeated, a part zeroed,
    two parts swapped, noise put in. Half of them begin in the first or the
    last 64 bytes, where the headers and directories of most formats lie.

    Args:
        data: bytes, at least one.
        count: how many.
        seed: an integer; the same one gives the same versions, and a larger
            `count` more of them.

    Yields:
        `(description, bytes)`.

    >>> for description, broken in mutations(b"0123456789", 4, seed=1):
    ...     print(description, len(broken))
    0: bits flipped at [5, 3, 7, 0] 10
    1: cut at 5 5
    2: 5:6 4 times 13
    3: 5:8 zeroed 10
    """
    rng = np.random.default_rng(seed)
    kinds = (_flipped, _cut, _repeated, _zeroed, _swapped, _stuffed)
    for number in range(count):
        what, broken = kinds[number % len(kinds)](rng, data)
        yield f"{number}: {what}", broken


def _place(rng, size):
    near = min(size, _HEADER)
    return int(
        rng.choice(
            [
                rng.integers(near),
                size - 1 - rng.integers(near),
                rng.integers(size),
                rng.integers(size),
            ]
        )
    )


def _part(rng, size):
    """Return the start and the end of a part, most often a short one."""
    start = _place(rng, size)
    length = int(2 ** rng.uniform(0, np.log2(size + 1)))
    return start, min(size, start + length)


def _flipped(rng, data):
    broken = bytearray(data)
    places = [_place(rng, len(data)) for _ in range(rng.integers(1, 9))]
    for place in places:
        broken[place] ^= 1 << int(rng.integers(8))
    return f"bits flipped at {places}", bytes(broken)


def _cut(rng, data):
    place = _place(rng, len(data))
    return f"cut at {place}", data[:place]


def _repeated(rng, data):
    start, end = _part(rng, len(data))
    times = int(rng.integers(2, 9))
    broken = data[:start] + data[start:end] * times + data[end:]
    return f"{start}:{end} {times} times", broken


def _zeroed(rng, data):
    start, end = _part(rng, len(data))
    broken = data[:start] + bytes(end - start) + data[end:]
    return f"{start}:{end} zeroed", broken


def _swapped(rng, data):
    start, middle, end = sorted(_place(rng, len(data)) for _ in range(3))
    broken = data[:start] + data[middle:end] + data[start:middle] + data[end:]
    return f"{start}:{middle} and {middle}:{end} swapped", broken


def _stuffed(rng, data):
    place = _place(rng, len(data))
    noise = rng.bytes(int(rng.integers(1, 33)))
    broken = data[:place] + noise + data[place:]
    return f"{len(noise)} bytes of noise at {place}", broken
