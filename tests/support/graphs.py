"""Models of which only the graph is wanted."""

import contextlib

import keras


@contextlib.contextmanager
def unallocated():
    """Lets models be built whose weights have shapes and no values."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    # Keras would make the values up at the next such scope's end.
    keras.utils.clear_session(free_memory=False)
