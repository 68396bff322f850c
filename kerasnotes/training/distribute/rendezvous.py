"""Workers meet before TensorFlow waits for them.

TensorFlow's own wait has no end, says nothing and can't be interrupted.
"""

import contextlib
import socket
import time

from kerasnotes import errors

_LIMIT, _PAUSE, _REPEAT = 600, 30, 0.2


def meet(addresses, place, limit=_LIMIT):
    """Return when all workers are here.

    Args:
        addresses: `host:port` of each; the first is where they meet.
        place: which of them this process is.
        limit: the seconds after which it gives up.

    Raises:
        UserError: one hasn't come, or this one's port is taken.
    """
    end = time.monotonic() + limit
    with _port(addresses[place]) as server:
        if not place:
            _gather(server, addresses, end)
    if place:
        _join(place, addresses[0], end)


def _port(address):
    """Return a server at the port that will be TensorFlow's."""
    try:
        return socket.create_server(("", int(address.rsplit(":", 1)[1])))
    except OSError as error:
        raise errors.UserError(
            f"{address}: {error.strerror}; give this worker a free port, or "
            "an index that no other has"
        ) from error


def _gather(server, addresses, end):
    here = {0: None}
    server.settimeout(_PAUSE)
    while missing := [a for i, a in enumerate(addresses) if i not in here]:
        try:
            link, _ = server.accept()
            link.settimeout(_PAUSE)
            here[int(link.recv(9))] = link
        except TimeoutError:
            _say(", ".join(missing), end)
        except (OSError, ValueError):
            continue  # Somebody else's, or a worker that is gone again.
    for link in filter(None, here.values()):
        with link, contextlib.suppress(OSError):
            link.sendall(b"go")


def _join(place, name, end):
    host, port = name.rsplit(":", 1)
    first, announced = (host.strip("[]"), int(port)), time.monotonic()
    while True:
        try:
            with socket.create_connection(first, timeout=_PAUSE) as link:
                link.sendall(b"%d" % place)
                link.settimeout(max(end - time.monotonic(), _REPEAT))
                if link.recv(2) == b"go":
                    return
        except OSError:
            pass  # It isn't there yet.
        if time.monotonic() > min(announced + _PAUSE, end):
            announced = time.monotonic()
            _say(name, end)
        time.sleep(_REPEAT)


def _say(missing, end):
    if time.monotonic() > end:
        raise errors.UserError(
            f"no worker at {missing}; start one there, or mend TF_CONFIG, and "
            "start all of them again"
        )
    print(
        f"still waiting for {missing}, {end - time.monotonic():.0f} s more: "
        "has it been started, and may its port be reached?",
        flush=True,
    )
