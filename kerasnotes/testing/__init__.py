"""Checks a layer of your own as Keras checks its layers."""

from kerasnotes.testing.layer_contract import check_layer

__all__ = ["check_layer"]


def __dir__():
    return __all__
