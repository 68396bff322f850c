"""Two workers on one machine learn what one process learns."""

import json
import signal
import socket
import time

import numpy as np
import pytest

from kerasnotes.tasks import classify
from kerasnotes.training.fit import checkpoints
from tests.support import csv_rows, forks
from tests.support.runs import no_report

QUICK = ["--model=softmax_regression", "--image_size=8"]
QUICK += ["--epochs=8"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


def start(data, run_dir, *flags):
    """Start two workers; return their programs, the chief's first.

    What is a pair is for one each.
    """
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (one, other)]
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    programs = []
    for index in (0, 1):
        task = {"type": "worker", "index": index}
        settings = {
            "TF_CONFIG": json.dumps({"cluster": cluster, "task": task}),
            "TFDS_DATA_DIR": str(data),
        }
        own = [
            value[index] if isinstance(value, tuple) else value
            for value in (run_dir, *flags)
        ]
        words = [*QUICK, f"--run_dir={own[0]}", *own[1:]]
        programs.append(forks.Program("trainers.classify", *words, **settings))
    return programs


def end(programs):
    """Return the exit statuses and what was printed."""
    try:
        for program in programs:
            program.wait(600)
    finally:
        for program in programs:
            program.kill()
    printed = [program.output + program.errors for program in programs]
    return [program.status for program in programs], printed


def wait_for(found, programs):
    deadline = time.monotonic() + 600
    while not found():
        assert time.monotonic() < deadline
        assert all(p.status is None for p in programs), end(programs)
        time.sleep(0.02)


def state(run_dir):
    """Return the values of the last checkpoint."""
    last = max((run_dir / "checkpoints").glob("last-*"))
    return last.name, checkpoints.read(last)[0]


def history(run_dir):
    rows = csv_rows.read(run_dir / "history.csv")
    return [{k: float(v) for k, v in row.items()} for row in rows]


@pytest.fixture(scope="module")
def two(data, tmp_path_factory):
    """A run of two workers, never interrupted."""
    run_dir = tmp_path_factory.mktemp("two") / "run"
    statuses, printed = end(start(data, run_dir))
    assert statuses == [0, 0], printed
    # The chief alone reports.
    assert "report: " in printed[0]
    assert len(printed[1].splitlines()) == 1, printed[1]
    return run_dir


def test_two_workers_equal_one_process(here, two, tmp_path):
    with no_report():
        here(classify.Classify, f"--run_dir={tmp_path / 'one'}", *QUICK)
    for a, b in zip(history(tmp_path / "one"), history(two), strict=True):
        del a["seconds"], b["seconds"]
        assert a == pytest.approx(b, rel=1e-5)
    (name, a), (other, b) = state(tmp_path / "one"), state(two)
    assert name == other
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol=1e-4, atol=1e-6)
    for name in ("report.html", "mistakes.csv", "saved_model"):
        assert (two / name).exists()


def assert_equal_runs(two, cut):
    """Compare weights and history, bit for bit but for times."""
    (name, a), (other, b) = state(two), state(cut)
    assert name == other
    for key in a:
        np.testing.assert_array_equal(a[key], b[key], err_msg=key)
    for a, b in zip(history(two), history(cut), strict=True):
        del a["seconds"], b["seconds"]
        assert a == pytest.approx(b, rel=1e-6)


def killed(data, cut):
    """Kill a worker once there is a checkpoint; the other ends."""
    programs = start(data, cut)
    wait_for(lambda: list(cut.glob("checkpoints/last-*")), programs)
    programs[1].kill()
    statuses, printed = end(programs)
    assert statuses == [1, -signal.SIGKILL], printed
    assert "another worker is gone" in printed[0].splitlines()[-1]
    assert "Traceback" not in printed[0]


def test_what_kills_a_worker_ends_the_others_and_all_go_on(data, two, tmp_path):
    cut = tmp_path / "cut"
    killed(data, cut)
    statuses, printed = end(start(data, cut))
    assert statuses == [0, 0], printed
    assert "going on from" in printed[0]
    assert_equal_runs(two, cut)


@pytest.mark.slow
def test_workers_are_asked_to_stop_and_go_on(data, two, tmp_path):
    cut = tmp_path / "cut"
    killed(data, cut)
    # A worker that sees another folder would learn something else.
    statuses, printed = end(start(data, (cut, tmp_path / "not_shared")))
    assert statuses == [1, 1], printed
    assert all("don't see the same run" in text for text in printed)

    programs = start(data, cut)
    wait_for(lambda: "going on from" in programs[0].output, programs)
    programs[1].signal(signal.SIGTERM)
    statuses, printed = end(programs)
    assert statuses == [75, 75], printed

    statuses, printed = end(start(data, cut))
    assert statuses == [0, 0], printed
    assert_equal_runs(two, cut)


def test_unlike_flags_are_refused(data, tmp_path):
    unlike = ("--epochs=2", "--epochs=3")
    statuses, printed = end(start(data, tmp_path / "run", unlike))
    assert statuses == [1, 1], printed
    assert all("have different flags" in text for text in printed)
    assert not (tmp_path / "run").exists()


def test_evaluation_is_shared(here, data, two, capsys):
    here(classify.Classify, f"--run_dir={two}", "--mode=evaluate")
    alone = capsys.readouterr().out
    statuses, printed = end(start(data, two, "--mode=evaluate"))
    assert statuses == [0, 0], printed
    assert printed[0].splitlines()[-9:] == alone.splitlines()[-9:]
    assert len(printed[1].splitlines()) == 1
