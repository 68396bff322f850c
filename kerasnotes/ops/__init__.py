"""Stateless functions of tensors."""

from kerasnotes.ops.activations import hardmax
from kerasnotes.ops.convolution import (
    cross_correlation,
    edge_filter,
    output_size,
    pad_widths,
    true_convolution,
)
from kerasnotes.ops.receptive_field import Field

__all__ = [
    "Field",
    "cross_correlation",
    "edge_filter",
    "hardmax",
    "output_size",
    "pad_widths",
    "true_convolution",
]
