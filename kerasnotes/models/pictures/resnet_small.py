"""Residual networks for small pictures, and the same without shortcuts.

`ResNet` with 6n + 2 layers with weights: a 3×3 convolution, three stages of
n basic blocks, a dense layer. Shortcuts have no parameters. For 32×32×3 and
ten classes:

| model | n | trainable parameters |
|---|---|---|
| ResNet20 | 3 | 269,722 |
| ResNet32 | 5 | 464,154 |
| ResNet44 | 7 | 658,586 |
| ResNet56 | 9 | 853,018 |
| ResNet110 | 18 | 1,727,962 |

Plain20 and Plain56 have the layers of ResNet20 and ResNet56.

Source: He et al., Deep residual learning for image recognition (2015),
section 4.2.
"""

import keras

from kerasnotes.models.pictures import resnet


class _SmallResNet(resnet.ResNet):
    """What they share; each has its number of blocks a stage."""

    fixed = ("depths", "filters", "kind", "small", "use_bias", "version")
    blocks_per_stage = None

    def __init__(
        self,
        input_shape=(32, 32, 3),
        classes=10,
        include_top=True,
        pooling=None,
        shortcut="zero_pad",
        width=1.0,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        super().__init__(
            3 * (self.blocks_per_stage,),
            input_shape,
            classes,
            include_top,
            pooling,
            filters=16,
            small=True,
            shortcut=shortcut,
            width=width,
            dropout=dropout,
            initializer=initializer,
            kernel_regularizer=kernel_regularizer,
            mean=mean,
            std=std,
            name=name,
            dtype=dtype,
        )


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet20(_SmallResNet):
    """ResNet-20 for small pictures: three stages of 3 basic blocks.

    Its arguments are those of `ResNet`.

    >>> ResNet20((16, 16, 1), classes=2).blocks[0]
    'conv1_relu'
    """

    blocks_per_stage = 3


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet32(_SmallResNet):
    """ResNet-32 for small pictures: three stages of 5 basic blocks.

    Its arguments are those of `ResNet`.
    """

    blocks_per_stage = 5


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet44(_SmallResNet):
    """ResNet-44 for small pictures: three stages of 7 basic blocks.

    Its arguments are those of `ResNet`.
    """

    blocks_per_stage = 7


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet56(_SmallResNet):
    """ResNet-56 for small pictures: three stages of 9 basic blocks.

    Its arguments are those of `ResNet`.
    """

    blocks_per_stage = 9


@keras.saving.register_keras_serializable("kerasnotes")
class ResNet110(_SmallResNet):
    """ResNet-110 for small pictures: three stages of 18 basic blocks.

    Its arguments are those of `ResNet`.
    """

    blocks_per_stage = 18


class _Plain(_SmallResNet):
    """What the networks without shortcuts share."""

    fixed = (*_SmallResNet.fixed, "shortcut")

    def __init__(
        self,
        input_shape=(32, 32, 3),
        classes=10,
        include_top=True,
        pooling=None,
        width=1.0,
        dropout=0.0,
        initializer="he",
        kernel_regularizer=None,
        mean=None,
        std=None,
        name=None,
        dtype=None,
    ):
        super().__init__(
            input_shape,
            classes,
            include_top,
            pooling,
            "none",
            width,
            dropout,
            initializer,
            kernel_regularizer,
            mean,
            std,
            name,
            dtype,
        )


@keras.saving.register_keras_serializable("kerasnotes")
class Plain20(_Plain):
    """The layers of `ResNet20` without shortcuts, to compare with it.

    Its arguments are those of `ResNet`.
    """

    blocks_per_stage = 3


@keras.saving.register_keras_serializable("kerasnotes")
class Plain56(_Plain):
    """The layers of `ResNet56` without shortcuts, to compare with it.

    Its arguments are those of `ResNet`.
    """

    blocks_per_stage = 9
