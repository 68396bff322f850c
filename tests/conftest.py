"""What holds for all tests."""

import gc


def pytest_collection_finish():
    """Lets the garbage collector pass over what imports have made.

    It stays, and the collector would look through it some thousand times.
    """
    gc.collect()
    gc.freeze()
