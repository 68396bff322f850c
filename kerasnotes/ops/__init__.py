"""Stateless functions of tensors."""

from kerasnotes.ops.activations import hardmax

__all__ = ["hardmax"]
