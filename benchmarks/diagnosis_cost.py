"""What the diagnosis costs of a run's time.

    python -m benchmarks.diagnosis_cost

Runs `trainers.classify` and `trainers.regress` at their defaults, in this
process, and prints the seconds spent in `diagnosing.diagnose` beside those of
the whole run: reading, training, evaluation, export and report.
"""

import contextlib
import io
import tempfile
import time

from kerasnotes import tasks
from kerasnotes.training import runner
from kerasnotes.training.report import diagnosing


def main():
    """Print a line for each task."""
    diagnose = diagnosing.diagnose
    for name in ("classify", "regress"):
        spent = []

        def timed(*arguments, spent=spent):
            began = time.perf_counter()
            found = diagnose(*arguments)
            spent.append(time.perf_counter() - began)
            return found

        diagnosing.diagnose = timed
        began = time.perf_counter()
        with (
            tempfile.TemporaryDirectory() as folder,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            given = {"run_dir": f"{folder}/run"}
            runner.run(tasks.get(name), given, [], f"trainers.{name}")
        whole = time.perf_counter() - began
        print(
            f"{name}: {spent[0]:.2f} s of {whole:.1f} s, "
            f"{spent[0] / (whole - spent[0]):.1%} more than without"
        )


if __name__ == "__main__":
    main()
