"""Where in a picture the evidence for a class is.

Sources: Zhou et al., Learning deep features for discriminative localization
(2016), section 2; Selvaraju et al., Grad-CAM (2017), section 3.
"""

import keras
import numpy as np
import tensorflow as tf
from scipy import ndimage

from kerasnotes import keras_private

CAM, GRAD_CAM = "Class activation map", "Grad-CAM"


def pooled(model):
    """Return the layer whose global average the dense head reads, or None.

    Args:
        model: a functional model that ends in its head.
    """
    head = keras_private.operation_of(model.outputs[0])
    if not isinstance(head, keras.layers.Dense):
        return None
    layer = keras_private.operation_of(head.input)
    while isinstance(layer, keras.layers.Dropout):
        layer = keras_private.operation_of(layer.input)
    if not isinstance(layer, keras.layers.GlobalAveragePooling2D):
        return None
    return keras_private.operation_of(layer.input)


def heat_maps(model, name, pictures, classes):
    """Return where each picture speaks for its class.

    Where the head is dense and reads the global average of the layer's
    maps A, it is the class activation map `M(x, y) = Σ_k w_kc A_k(x, y)`: its
    mean and the bias make the logit. Elsewhere it is Grad-CAM, `ReLU(Σ_k
    ᾱ_k A_k)` with `ᾱ_k` the mean over x and y of `∂logit_c/∂A_k(x, y)`.

    Args:
        model: a functional model that ends in its logits.
        name: a layer whose output is `(batch, height, width, maps)`.
        pictures: uint8 `[n, height, width, channels]`.
        classes: the class of each, `[n]`.

    Returns:
        `(CAM or GRAD_CAM, float32 [n, map_height, map_width])`.
    """
    layer, exact = model.get_layer(name), pooled(model)
    both = keras.Model(model.inputs, [layer.output, model.outputs[0]])
    x = tf.constant(pictures, tf.float32)
    classes = tf.constant(classes, tf.int32)
    with tf.GradientTape() as tape:
        # A frozen network's maps would not be recorded.
        tape.watch(x)
        maps, logits = both(x, training=False)
        scores = tf.gather(logits, classes, batch_dims=1)
    maps32 = tf.cast(maps, tf.float32)
    if layer is exact:
        kernel = keras_private.operation_of(model.outputs[0]).kernel
        weights = tf.gather(tf.cast(kernel, tf.float32), classes, axis=1)
        heat = tf.einsum("nhwk,kn->nhw", maps32, weights)
        return CAM, heat.numpy()
    gradient = tf.cast(tape.gradient(scores, maps), tf.float32)
    weights = tf.reduce_mean(gradient, axis=(1, 2))
    heat = tf.nn.relu(tf.einsum("nhwk,nk->nhw", maps32, weights))
    return GRAD_CAM, heat.numpy()


def spread(heat, fields, size):
    """Return heat at each pixel, between the centres of units' fields.

    Args:
        heat: `[map_height, map_width]`.
        fields: a `Field` for height and width.
        size: the picture's height and width.

    >>> from kerasnotes.ops.receptive_field import Field
    >>> axes = Field(), Field(size=2, stride=2)
    >>> spread([[0, 1]], axes, (1, 4)).tolist()
    [[0.0, 0.25, 0.75, 1.0]]
    """
    places = [
        (np.arange(n) - (f.start + (f.size - 1) / 2)) / f.stride
        for f, n in zip(fields, size, strict=True)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    return ndimage.map_coordinates(
        np.asarray(heat, "float64"), grid, order=1, mode="nearest"
    )
