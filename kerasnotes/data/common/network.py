"""Whether a download can be tried at all."""

import threading
import urllib.error
import urllib.request

_HOST = "https://storage.googleapis.com"


def online(seconds=4.0):
    """Says whether the network answers, within a few seconds.

    TFDS itself tries for minutes before it gives up. Proxies that the
    environment names are used.

    Args:
        seconds: how long to wait.
    """
    answers = []

    def ask():
        try:
            urllib.request.urlopen(_HOST, timeout=seconds).close()
        except urllib.error.HTTPError:
            pass
        except OSError:
            return
        answers.append(True)

    # A name server that hangs is beyond the timeout's reach.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answers)
