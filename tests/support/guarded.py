"""Cases tried in a process of its own, within limits."""

import dataclasses
import importlib.util
import inspect
import json
import os
import pathlib
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

_START = 60
_TOO_LARGE = 86


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one case.

    Attributes:
        description: the case's.
        error: the class of what it raised, or "".
        message: its message.
        seconds: how long it took.
        peak: the most memory that the process has had by then, in bytes;
            0 where there is no `/proc`.
        fault: what is wrong with that, or "".
    """

    description: str
    error: str = ""
    message: str = ""
    seconds: float = 0.0
    peak: int = 0
    fault: str = ""


def guarded_run(
    function, cases, seconds=30, memory_bytes=2 * 2**30, allow=("UserError",)
):
    """Call a function on each case, in a process of its own.

    A case fails that raises what isn't allowed or a message of several
    lines, ends the process, takes too long or lets the process grow too
    large. Those after it are still tried.

    Args:
        function: a function of one argument at the top level of a file,
            which the other process imports.
        cases: pairs of a description and the argument, which pickle takes.
        seconds: the limit for each; the imports have a minute more.
        memory_bytes: the limit for the process.
        allow: names of classes of exceptions.

    Returns:
        The list of `Outcome`.

    Raises:
        AssertionError: a case failed; the message tells of each that did.

    >>> cases = [("whole", "1/2"), ("cut", "1/")]
    >>> import fractions
    >>> for outcome in guarded_run(
    ...     fractions.Fraction, cases, allow=["ValueError"]
    ... ):
    ...     print([outcome.description, outcome.error, outcome.message])
    ['whole', '', '']
    ['cut', 'ValueError', "Invalid literal for Fraction: '1/'"]
    """
    cases, outcomes = list(cases), []
    while len(outcomes) < len(cases):
        rest = cases[len(outcomes) :]
        outcomes += _batch(function, rest, seconds, memory_bytes, list(allow))
    faults = [f"{o.description}: {o.fault}" for o in outcomes if o.fault]
    if faults:
        count = f"{len(faults)} of {len(cases)} cases failed"
        raise AssertionError("\n".join([count, *faults]))
    return outcomes


def _batch(function, cases, seconds, memory_bytes, allow):
    """Return the outcomes of the first cases, up to one that ends it all."""
    job = {
        "file": inspect.getsourcefile(function),
        "name": function.__qualname__,
        "arguments": [argument for _, argument in cases],
        "memory": memory_bytes,
        "allow": allow,
    }
    outcomes = []
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as log:
        pickle.dump(job, stdin)
        stdin.seek(0)
        with subprocess.Popen(
            # -P: the modules beside this file have names that others use.
            [sys.executable, "-P", __file__],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process:
            limit = seconds + _START
            for description, _ in cases:
                found = _answer(process, limit)
                if found is None:
                    fault = _end(process, limit, memory_bytes, log)
                    outcomes.append(Outcome(description, fault=fault))
                    break
                outcomes.append(Outcome(description, **found))
                limit = seconds
            process.kill()
    return outcomes


def _answer(process, limit):
    """Return what the process says of its next case; None if it ends."""
    timer = threading.Timer(limit, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    return json.loads(line) if line else None


def _end(process, limit, memory_bytes, log):
    status = process.wait()
    if status == -signal.SIGKILL:
        return f"killed, after {limit} s or from outside"
    if status == _TOO_LARGE:
        return f"more than {memory_bytes:,} bytes of memory"
    log.seek(0)
    told = log.read()[-2000:].decode(errors="replace")
    return f"ended with status {status}: {told}"


def _serve():
    """Answers a job's cases, a line of JSON for each."""
    job = pickle.load(sys.stdin.buffer)
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    watch = threading.Thread(target=_watch, args=[job["memory"]], daemon=True)
    watch.start()
    spec = importlib.util.spec_from_file_location("guarded", job["file"])
    module = sys.modules["guarded"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function = getattr(module, job["name"])
    for argument in job["arguments"]:
        start, found = time.monotonic(), {}
        try:
            function(argument)
        except BaseException as error:
            found = _told(error, job["allow"])
        found["seconds"], found["peak"] = time.monotonic() - start, _peak()
        if found["peak"] > job["memory"]:
            os._exit(_TOO_LARGE)
        print(json.dumps(found), file=answers, flush=True)


def _told(error, allow):
    names = {cls.__name__ for cls in type(error).__mro__}
    fault, message = "", str(error)
    if not names & set(allow):
        fault = "".join(traceback.format_exception(error))
    elif len(message.splitlines()) != 1:
        fault = f"not one line: {message!r}"
    found = {"error": type(error).__name__, "message": message}
    return {**found, "fault": fault}


def _watch(memory):
    while _peak() <= memory:
        time.sleep(0.02)
    os._exit(_TOO_LARGE)


def _peak():
    # Not getrusage, which begins with the peak of the process before exec.
    status = pathlib.Path("/proc/self/status")
    found = status.exists() and re.search(r"VmHWM:\s*(\d+)", status.read_text())
    return 1024 * int(found[1]) if found else 0


if __name__ == "__main__":
    _serve()
