"""Help for testing components."""

from kerasnotes.testing.layer_contract import check_layer

__all__ = ["check_layer"]
