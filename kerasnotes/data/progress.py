"""A line that says how far long reading is."""

import sys
import time


def progress(items, total, text):
    """Yields `items`, and writes their count to standard error.

    The line appears after a second, and is renewed each second.

    Args:
        items: an iterable.
        total: how many there are.
        text: what is being done.

    >>> list(progress("abc", 3, "reading"))
    ['a', 'b', 'c']
    """
    shown = time.monotonic()
    written = False
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - shown > 1 or (written and count == total):
            shown, written = now, True
            print(f"\r{text}: {count}/{total}", end="", file=sys.stderr)
    if written:
        print(file=sys.stderr)
