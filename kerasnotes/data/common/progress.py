"""A line that says how far long reading is."""

import sys
import time


def progress(items, total, text):
    """Yield `items`, and write their count to standard error.

    On a terminal the line appears after a second, and is renewed each
    second; elsewhere there is a new one every half minute.

    Args:
        items: an iterable.
        total: how many there are.
        text: what is being done.

    >>> list(progress("abc", 3, "reading"))
    ['a', 'b', 'c']
    """
    live = sys.stderr.isatty()
    pause, start, end = (1, "\r", "") if live else (30, "", "\n")
    shown = time.monotonic()
    written = False
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - shown > pause or (written and count == total):
            shown, written = now, True
            print(f"{start}{text}: {count}/{total}", end=end, file=sys.stderr)
    if written and live:
        print(file=sys.stderr)
