"""How long one waits before anything happens.

    python -m benchmarks.startup

The median wall time of five processes each, beside Python's own start and
the import of TensorFlow, which the first two must not pay for.
"""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import kerasnotes": ["-c", "import kerasnotes"],
    "python -m trainers.classify --help": ["-m", "trainers.classify", "--help"],
    "import tensorflow": ["-c", "import tensorflow"],
}


def main():
    """Print a line a command."""
    for name, words in COMMANDS.items():
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], capture_output=True)
            seconds.append(time.perf_counter() - began)
        print(f"{name}: {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main()
