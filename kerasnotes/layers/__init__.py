"""Layers by name. A layer's module loads when the layer is named."""

import importlib

_LAYERS = {
    "Block": "block",
    "ConvolutionalBlock": "residual",
    "DepthwiseSeparable": "depthwise",
    "IdentityBlock": "residual",
    "Inception": "inception",
    "InvertedResidual": "depthwise",
    "KernelBlock": "block",
    "LocalResponseNormalization": "normalization",
    "NaiveInception": "inception",
    "ZeroPadChannels": "padding",
}


def __getattr__(name):
    if name in _LAYERS:
        module = importlib.import_module(f"kerasnotes.layers.{_LAYERS[name]}")
        return getattr(module, name)
    raise AttributeError(
        f"module 'kerasnotes.layers' has no attribute {name!r}"
    )


def __dir__():
    return sorted(_LAYERS)
