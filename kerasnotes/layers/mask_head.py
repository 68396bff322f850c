"""What says which pixels of a region are its object's."""

import keras
from keras import ops

from kerasnotes import errors
from kerasnotes.layers import block


@keras.saving.register_keras_serializable("kerasnotes")
class MaskHead(block.Block):
    """Says where in a region its object is: the logits of a mask.

    Convolutions of 3×3 with ReLU, a transposed one of 2×2 with stride 2 and
    ReLU, which doubles the places, and a 1×1 convolution to logits of each
    class. No softmax is between classes: each place is asked for each class
    whether it is the object, so that classes don't compete, and of these
    masks that of the region's label is answered. The others aren't computed.

    Args:
        classes: their number.
        filters: channels of the convolutions.
        convolutions: how many of 3×3 there are.
        kernel_initializer: of all kernels, what `keras.initializers.get`
            takes.
        kernel_regularizer: of all kernels, what `keras.regularizers.get`
            takes.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        x: what is seen of each region, `(batch, n, h, w, c)`, as of
            `layers.RoIAlign(14, …)`: channels are last, whatever
            `keras.config.image_data_format()` says.
        labels: of the regions, `(batch, n)`, whole numbers of any type. One
            that is no class, such as the padding -1, has the mask of class 0.

    Returns:
        `(batch, n, 2h, 2w)`: logits, in the type of the weights.

    Raises:
        ValueError: an argument is below 1, or the size of `x` isn't known.

    Source: He et al., Mask R-CNN (2017), section 3 and figure 4.

    >>> x = keras.ops.ones((1, 2, 14, 14, 8))
    >>> labels = keras.ops.convert_to_tensor([[0, 2]])
    >>> MaskHead(classes=3, filters=4)(x, labels).shape
    TensorShape([1, 2, 28, 28])
    """

    def __init__(
        self,
        classes,
        filters=32,
        convolutions=4,
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # Keras would make halves of the labels.
        self.autocast = False
        for name, value, least in (
            ("classes", classes, 1),
            ("filters", filters, 1),
            ("convolutions", convolutions, 0),
        ):
            if value < least:
                raise errors.refusal(
                    f"`{name}`",
                    f"`{name}` must be {least} or more. Received: {value}",
                )
        self.classes = classes
        self.filters = filters
        self.convolutions = convolutions
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self._layers_of_maps = [
            keras.layers.Conv2D(filters, 3, padding="same", **self._options(i))
            for i in range(1, 1 + convolutions)
        ]
        self._layers_of_maps.append(
            keras.layers.Conv2DTranspose(
                filters, 2, strides=2, **self._options("up")
            )
        )

    def _options(self, name):
        return {
            "activation": "relu",
            "kernel_initializer": self._initializer(),
            "kernel_regularizer": self.kernel_regularizer,
            **block.CHANNELS_LAST,
            **self.named(name),
        }

    def _initializer(self):
        return block.new_initializer(self.kernel_initializer)

    def build(self, x_shape, labels_shape=None):
        if len(x_shape) != 5 or None in x_shape[2:]:
            raise ValueError(
                "`x` must have the shape (batch, n, height, width, channels), "
                f"of known sizes but for the first two. Received: {x_shape}"
            )
        shape = (None, *x_shape[2:])
        for layer in self._layers_of_maps:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.kernel = self.add_weight(
            shape=(self.filters, self.classes),
            initializer=self._initializer(),
            regularizer=self.kernel_regularizer,
            autocast=False,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.classes,),
            initializer="zeros",
            autocast=False,
            name="bias",
        )

    def call(self, x, labels):
        """Return the logits of each region's label."""
        batch, n = ops.shape(x)[:2]
        x = ops.cast(ops.convert_to_tensor(x), self.compute_dtype)
        x = ops.reshape(x, (-1, *x.shape[2:]))
        for layer in self._layers_of_maps:
            x = layer(x)
        labels = ops.cast(ops.convert_to_tensor(labels), "int32")
        proper = ops.logical_and(labels >= 0, labels < self.classes)
        labels = ops.reshape(ops.where(proper, labels, 0), (-1,))
        # A 1×1 convolution by the kernel of the label alone.
        kernels = ops.take(ops.transpose(self.kernel), labels, axis=0)
        biases = ops.take(self.bias, labels, axis=0)
        x = ops.cast(x, self.variable_dtype)
        logits = ops.einsum("nhwc,nc->nhw", x, kernels)
        logits = logits + biases[:, None, None]
        return ops.reshape(logits, (batch, n, *logits.shape[1:]))

    def compute_output_shape(self, x_shape, labels_shape=None):
        """Return the shape of the logits."""
        return (*x_shape[:2], *(2 * side for side in x_shape[2:4]))

    def compute_output_spec(self, x, labels):
        """Return what the call does for symbolic inputs."""
        shape = self.compute_output_shape(x.shape)
        return keras.KerasTensor(shape, self.variable_dtype)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "classes": self.classes,
            "filters": self.filters,
            "convolutions": self.convolutions,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }
