"""Python that has TensorFlow and neither Keras nor kerasnotes.

One process, begun at the first call, runs the code of all who ask.
"""

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
import traceback


def run(code, *words):
    """Run code without Keras; return what it prints.

    Args:
        code: the text of a program.
        *words: its `sys.argv[1:]`.

    Raises:
        AssertionError: the code raised; the message is its traceback.
    """
    process = _process()
    process.stdin.write(json.dumps([code, *map(str, words)]) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer, f"it ended with status {process.wait()}"
    output, fault = json.loads(answer)
    assert not fault, fault
    return output


@functools.cache
def _process():
    return subprocess.Popen(
        # -P: the modules beside this file have names that others use.
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        text=True,
    )


def _serve():
    """Answers each line of stdin, a program, with what came of it."""
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.modules["keras"] = sys.modules["kerasnotes"] = None
    for line in sys.stdin:
        code, *sys.argv[1:] = json.loads(line)
        output, fault = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(output):
                exec(code, {"__name__": "__main__"})
        except BaseException:
            fault = traceback.format_exc()
        print(json.dumps([output.getvalue(), fault]), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
