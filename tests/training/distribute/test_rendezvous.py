"""Workers meet, however late one comes, and give up on one that doesn't."""

import socket
import threading
import time

import pytest

from kerasnotes import errors
from kerasnotes.training.distribute import rendezvous


@pytest.fixture
def addresses(monkeypatch):
    monkeypatch.setattr(rendezvous, "_PAUSE", 0.3)
    found = []
    for _ in range(3):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            found.append(f"127.0.0.1:{one.getsockname()[1]}")
    return found


@pytest.mark.parametrize("late", [0, 2])
def test_all_wait_for_the_last(addresses, late, capsys):
    met = []

    def come(place):
        time.sleep(0.5 * (place == late))
        rendezvous.meet(addresses, place, limit=20)
        met.append(time.monotonic())

    began = time.monotonic()
    threads = [threading.Thread(target=come, args=[i]) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(met) == 3 and min(met) - began > 0.5
    assert f"still waiting for {addresses[late]}" in capsys.readouterr().out


@pytest.mark.parametrize("place", [0, 1])
def test_one_that_never_comes_is_named(addresses, place):
    missing = addresses[:1] if place else addresses[1:]
    with pytest.raises(errors.UserError, match=", ".join(missing)):
        rendezvous.meet(addresses, place, limit=0.5)


def test_strangers_are_passed_over(addresses):
    host, port = addresses[0].split(":")

    def disturb():
        time.sleep(0.2)
        with socket.create_connection((host, int(port))) as link:
            link.sendall(b"GET / HTTP")
        with socket.create_connection((host, int(port))) as link:
            link.sendall(b"2")
        rendezvous.meet(addresses[:2], 1, limit=20)

    thread = threading.Thread(target=disturb)
    thread.start()
    rendezvous.meet(addresses[:2], 0, limit=20)
    thread.join()


@pytest.mark.parametrize("place", [0, 1])
def test_a_taken_port_is_told(addresses, place):
    host, port = addresses[place].split(":")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(errors.UserError, match="give this worker a free"),
    ):
        rendezvous.meet(addresses, place, limit=1)
