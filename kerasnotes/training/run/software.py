"""The software that a run was made with."""

import importlib.metadata
import os
import subprocess
import sys

_PACKAGES = ("tensorflow", "keras", "tensorflow-datasets", "numpy")


def versions():
    """Return the versions of Python, the packages and the source."""
    return {
        "python": sys.version.split()[0],
        "packages": {n: importlib.metadata.version(n) for n in _PACKAGES},
        "git_revision": _revision(),
    }


def _revision():
    """Return the git revision of the source, or None outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=os.path.dirname(__file__),
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
