"""Runs a trainer that signals strike: `struck.py MOMENTS MODULE FLAG…`.

MOMENTS is JSON, a list of `[signal, name, pattern, count, seconds]`: the
process sends itself `signal`, `seconds` after the function of that dotted
name is called for the `count`-th time with arguments in whose text `pattern`
is found.
"""

import functools
import json
import os
import pathlib
import pkgutil
import re
import runpy
import sys
import threading
import time

ROOT = str(pathlib.Path(__file__).resolve().parents[3])


def watch(number, name, pattern, count, seconds):
    """Put a function that sends the signal in the place of another."""
    owner, _, attribute = name.rpartition(".")
    owner = pkgutil.resolve_name(owner)
    original, left = getattr(owner, attribute), [count]

    def strike():
        time.sleep(seconds)
        os.kill(os.getpid(), number)

    @functools.wraps(original)
    def called(*args, **kwargs):
        if not pattern or re.search(pattern, str(args)):
            left[0] -= 1
            if not left[0]:
                now = threading.Thread(target=strike, daemon=True)
                now.start() if seconds else strike()
        return original(*args, **kwargs)

    setattr(owner, attribute, called)


def main(moments, module, *flags):
    """Run the module as a program, with a checkpoint after every step."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.path.insert(0, ROOT)
    if moments := json.loads(moments):
        from kerasnotes.training.fit import checkpoints

        checkpoints.SECONDS = 0.0
    for moment in moments:
        watch(*moment)
    sys.argv[1:] = flags
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
