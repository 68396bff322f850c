"""Layers by name. A layer's module loads when the layer is named."""

import importlib

_LAYERS = {
    "AdditiveAttention": "additive_attention",
    "AttentionCell": "additive_attention",
    "AttentionRNN": "additive_attention",
    "Block": "block",
    "ConvolutionalBlock": "residual",
    "DepthwiseSeparable": "depthwise",
    "GRUCell": "recurrent",
    "IdentityBlock": "residual",
    "Inception": "inception",
    "InvertedResidual": "depthwise",
    "KernelBlock": "block",
    "LSTMCell": "recurrent",
    "LocalResponseNormalization": "normalization",
    "MultiHeadAttention": "multi_head_attention",
    "NaiveInception": "inception",
    "SinusoidalPositions": "positions",
    "TransformerDecoderBlock": "transformer",
    "TransformerEncoderBlock": "transformer",
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
