"""Ways that take turns, so that load meets all alike."""

import time


def in_turns(ways, rounds):
    """Return the seconds of each way in each round.

    Args:
        ways: a dictionary of name to a function without arguments.
        rounds: how many there are, after a first that doesn't count.
    """
    seconds = {name: [] for name in ways}
    for way in ways.values():
        way()
    for i in range(rounds):
        names = list(ways)
        for name in names[i % len(names) :] + names[: i % len(names)]:
            began = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - began)
    return seconds
