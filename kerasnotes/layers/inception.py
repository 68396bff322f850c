"""Inception modules: several sizes of filter side by side."""

import keras

from kerasnotes.layers import block as block_lib


@keras.saving.register_keras_serializable("kerasnotes")
class NaiveInception(block_lib.KernelBlock):
    """1×1, 3×3 and 5×5 convolutions and a max pooling, side by side.

    `y = [relu(W₁∗x), relu(W₃∗x), relu(W₅∗x), maxpool₃(x)]` along the
    channels, each with a bias, "same" padding and stride 1. The pooling hands
    on all channels of x, so that stacked modules grow and grow. For
    28×28×192 it gives 28×28×(64 + 128 + 32 + 192 = 416) and its 5×5
    convolution takes 120,422,400 multiplications.

    A subclass replaces `make_branches`, whose lists of layers run side by
    side.

    Args:
        filters: the filters of the 1×1, the 3×3 and the 5×5 convolution.
        batch_norm: whether to normalise before each ReLU.
        kernel_initializer: a Keras initialiser of the kernels.
        kernel_regularizer: a Keras regulariser of the kernels.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        x: `(batch, height, width, channels)`.

    Returns:
        A tensor `(batch, height, width, …)`.

    Source: Szegedy et al., Going deeper with convolutions (2015), figure 2a.

    >>> NaiveInception()(keras.Input((28, 28, 192))).shape
    (None, 28, 28, 416)
    """

    def __init__(
        self,
        filters=(64, 128, 32),
        batch_norm=False,
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(kernel_initializer, kernel_regularizer, **kwargs)
        self.filters, self.batch_norm = filters, batch_norm
        self.branches = self.make_branches()
        self.concatenate = keras.layers.Concatenate(**self.named("output"))

    def make_branches(self):
        """Return a list of layers for each branch."""
        one, three, five = self.filters
        return [
            self.convolution("1x1", one, 1),
            self.convolution("3x3", three, 3),
            self.convolution("5x5", five, 5),
            [self.pooling()],
        ]

    def convolution(self, name, filters, size):
        """Return the layers of a convolution with its ReLU.

        Args:
            name: what its layers' names add to the module's.
            filters: the number of filters.
            size: the side of each.
        """
        layers = [
            keras.layers.Conv2D(
                filters,
                size,
                padding="same",
                **block_lib.CHANNELS_LAST,
                use_bias=not self.batch_norm,
                **self.kernel_arguments(),
                **self.named(name),
            )
        ]
        if self.batch_norm:
            layers.append(
                keras.layers.BatchNormalization(
                    momentum=block_lib.QUICK, **self.named(f"{name}_norm")
                )
            )
        return [*layers, keras.layers.ReLU(**self.named(f"{name}_relu"))]

    def pooling(self):
        """Return the max pooling."""
        return keras.layers.MaxPooling2D(
            3,
            strides=1,
            padding="same",
            **block_lib.CHANNELS_LAST,
            **self.named("pool"),
        )

    def call(self, x):
        outputs = []
        for branch in self.branches:
            y = x
            for layer in branch:
                y = layer(y)
            outputs.append(y)
        return self.concatenate(outputs)

    def get_config(self):
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "batch_norm": self.batch_norm,
        }


@keras.saving.register_keras_serializable("kerasnotes")
class Inception(NaiveInception):
    """The inception module with 1×1 reductions.

    The 3×3 and 5×5 convolutions see x through fewer channels, each position
    projected by a 1×1 convolution; so does the concatenation the pooled x.
    For 28×28×192 it gives 28×28×(64 + 128 + 32 + 32 = 256), and the 5×5
    branch takes 12,443,648 multiplications, a tenth of the naive one's.

    Args:
        filters: as the paper's table 1 has them: of the 1×1 convolution;
            `(reduction, filters)` of the 3×3; the same of the 5×5; of the
            projection of the pooling.
        batch_norm: whether to normalise before each ReLU.
        kernel_initializer: a Keras initialiser of the kernels.
        kernel_regularizer: a Keras regulariser of the kernels.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        x: `(batch, height, width, channels)`.

    Returns:
        A tensor `(batch, height, width, …)`.

    Source: Szegedy et al., Going deeper with convolutions (2015), figure 2b.

    A subclass with a branch more:

    >>> class Wide(Inception):
    ...     def make_branches(self):
    ...         seven = self.convolution("7x7", 16, 7)
    ...         return [*super().make_branches(), seven]
    ...
    >>> inputs = keras.Input((28, 28, 192))
    >>> Inception()(inputs).shape, Wide()(inputs).shape
    ((None, 28, 28, 256), (None, 28, 28, 272))
    """

    def __init__(self, filters=(64, (96, 128), (16, 32), 32), **kwargs):
        super().__init__(filters, **kwargs)

    def make_branches(self):
        """Return a list of layers for each branch."""
        one, three, five, pooled = self.filters

        def reduced(name, filters, size):
            return [
                *self.convolution(f"{name}_reduce", filters[0], 1),
                *self.convolution(name, filters[1], size),
            ]

        return [
            self.convolution("1x1", one, 1),
            reduced("3x3", three, 3),
            reduced("5x5", five, 5),
            [self.pooling(), *self.convolution("pool_proj", pooled, 1)],
        ]
