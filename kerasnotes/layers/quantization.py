"""Layers within a layer or model that `quantize` has changed.

Keras saves what each layer of a graph became. What makes its layers anew from
its own arguments has to say it, or the file's weights fit none of them.
"""

import keras

from kerasnotes import keras_private


def quantized(layer):
    """Return which inner layers are quantised, JSON-able.

    A list of their places among all inner layers, their modes, and the
    configs of these, None where there is none.
    """
    names = []
    for place, inner in enumerate(keras_private.flatten_layers(layer)):
        mode = getattr(inner, "quantization_mode", None)
        if mode is not None and inner is not layer:
            config = getattr(inner, "quantization_config", None)
            config = keras.saving.serialize_keras_object(config)
            names.append([place, mode, config])
    return names


def quantize(layer, modes):
    """Quantise the inner layers of a new layer as those of the saved one were.

    Args:
        layer: the new layer or model, already built.
        modes: what `quantized` returned for the saved one.
    """
    inner = keras_private.flatten_layers(layer)
    for place, mode, config in modes:
        config = keras.saving.deserialize_keras_object(config)
        inner[place].quantize(mode, config=config)


class QuantizedBuild:
    """Let a layer that makes others in `build` reload once quantised."""

    def get_build_config(self):
        """Return what `build_from_config` takes."""
        modes = quantized(self)
        more = {"quantized": modes} if modes else {}
        return (super().get_build_config() or {}) | more

    def build_from_config(self, config):
        """Build the layer, and quantise what was."""
        config = dict(config)
        modes = config.pop("quantized", ())
        super().build_from_config(config)
        quantize(self, modes)
