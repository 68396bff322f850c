"""What the fuzzer changes, and that its guard sees every way to fail."""

import importlib.util

import pytest

from tests.support import fuzzing, guarded

CASES = """
import os, time

HELD = []

def act(case):
    if case == "hang":
        time.sleep(60)
    if case == "crash":
        os.abort()
    if case == "leave":
        raise SystemExit(0)
    if case == "grow":
        HELD.append(bytearray(b"x") * 300_000_000)
        time.sleep(60)
    if case == "burst":
        bytearray(b"x") * 300_000_000
    if case == "raise":
        raise KeyError("key")
    if case == "talk":
        print("not an answer")
        raise ValueError("two\\nlines")
    if case == "refuse":
        raise UnicodeError("no text")
"""
FAULTS = {
    "fine": "",
    "hang": "killed",
    "crash": "status -6",
    "leave": "SystemExit",
    "grow": "more than 200,000,000 bytes",
    "burst": "more than 200,000,000 bytes",
    "raise": "KeyError",
    "talk": "not one line",
    "refuse": "",
}


@pytest.fixture
def act(tmp_path):
    path = tmp_path / "cases.py"
    path.write_text(CASES)
    spec = importlib.util.spec_from_file_location("cases", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.act


def run(act, names, monkeypatch):
    monkeypatch.setattr(guarded, "_START", 3)
    return guarded.guarded_run(
        act,
        [(name, name) for name in names],
        seconds=1,
        memory_bytes=200_000_000,
        allow=["ValueError"],
    )


def test_every_fault_is_told_and_the_others_are_tried(act, monkeypatch):
    with pytest.raises(AssertionError) as caught:
        run(act, FAULTS, monkeypatch)
    count, *told = str(caught.value).split("\n")
    assert count == "7 of 9 cases failed"
    for name, fault in FAULTS.items():
        if fault:
            assert any(line.startswith(f"{name}: ") for line in told), name
            assert fault in str(caught.value)


def test_outcomes(act, monkeypatch):
    fine, refused = run(act, ["fine", "refuse"], monkeypatch)
    assert (fine.error, fine.message) == ("", "")
    assert (refused.error, refused.message) == ("UnicodeError", "no text")
    assert 0 < refused.peak < 200_000_000


def test_mutations_depend_on_the_seed_alone():
    data = bytes(range(256)) * 4
    first = list(fuzzing.mutations(data, 60, 0))
    assert first[:20] == list(fuzzing.mutations(data, 20, 0))
    assert first != list(fuzzing.mutations(data, 60, 1))
    changed = sum(broken != data for _, broken in first)
    assert changed >= 55
    heads = sum(broken[:64] != data[:64] for _, broken in first)
    assert heads >= 12


@pytest.mark.parametrize("size", [1, 2, 63])
def test_mutations_of_few_bytes(size):
    assert len(list(fuzzing.mutations(bytes(size), 60, 0))) == 60
