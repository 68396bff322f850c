"""Every model, by its class and by its name.

Importing this registers all of them with Keras, so that
`keras.saving.load_model` reloads what a run has saved.
"""

import inspect

from kerasnotes import archives, catalog, errors
from kerasnotes.catalog import IMAGENET, names
from kerasnotes.models.detectors.fast_rcnn import RCNN, FastRCNN
from kerasnotes.models.detectors.faster_rcnn import FasterRCNN
from kerasnotes.models.detectors.localizer import Localizer
from kerasnotes.models.detectors.mask_rcnn import MaskRCNN
from kerasnotes.models.detectors.yolo import Yolo
from kerasnotes.models.network import Network
from kerasnotes.models.pictures.alexnet import AlexNet
from kerasnotes.models.pictures.darknet import DarknetSmall
from kerasnotes.models.pictures.googlenet import GoogLeNet
from kerasnotes.models.pictures.lenet import LeNet5, LeNet5Teaching
from kerasnotes.models.pictures.mlp import MLP
from kerasnotes.models.pictures.mobilenet import MobileNet, MobileNetV2
from kerasnotes.models.pictures.nin import NetworkInNetwork
from kerasnotes.models.pictures.regression import (
    LinearRegression,
    LogisticRegression,
    SoftmaxRegression,
)
from kerasnotes.models.pictures.resnet import (
    ResNet,
    ResNet18,
    ResNet34,
    ResNet50,
    ResNet101,
    ResNet152,
)
from kerasnotes.models.pictures.resnet_small import (
    Plain20,
    Plain56,
    ResNet20,
    ResNet32,
    ResNet44,
    ResNet56,
    ResNet110,
)
from kerasnotes.models.pictures.side_heads import WithSideHeads
from kerasnotes.models.pictures.vgg import VGG, VGG16, VGG19
from kerasnotes.models.segmenters.unet import UNet
from kerasnotes.models.sequences.attention import AttentionModel
from kerasnotes.models.sequences.encoder_decoder import EncoderDecoder
from kerasnotes.models.sequences.sequence_to_sequence import (
    SequenceToSequence,
)
from kerasnotes.models.sequences.transformer import Transformer
from kerasnotes.models.weights import imagenet as weights_lib

__all__ = [
    "AlexNet",
    "AttentionModel",
    "EncoderDecoder",
    "DarknetSmall",
    "FastRCNN",
    "FasterRCNN",
    "GoogLeNet",
    "IMAGENET",
    "LeNet5",
    "LeNet5Teaching",
    "LinearRegression",
    "Localizer",
    "LogisticRegression",
    "MLP",
    "MaskRCNN",
    "MobileNet",
    "MobileNetV2",
    "Network",
    "NetworkInNetwork",
    "Plain20",
    "Plain56",
    "RCNN",
    "ResNet",
    "ResNet101",
    "ResNet110",
    "ResNet152",
    "ResNet18",
    "ResNet20",
    "ResNet32",
    "ResNet34",
    "ResNet44",
    "ResNet50",
    "ResNet56",
    "SequenceToSequence",
    "SoftmaxRegression",
    "Transformer",
    "UNet",
    "VGG",
    "VGG16",
    "VGG19",
    "WithSideHeads",
    "Yolo",
    "arguments_of",
    "build",
    "default_shape",
    "default_size",
    "load",
    "names",
]


def __dir__():
    return __all__


_COMMON = (
    "classes",
    "dtype",
    "include_top",
    "input_shape",
    "kernel_regularizer",
    "mean",
    "std",
)


def build(
    name,
    input_shape=None,
    classes=None,
    include_top=True,
    weights=None,
    **arguments,
):
    """Build a model by its name.

    Args:
        name: one of `names()`.
        input_shape: shape of an input without the batch; None for the
            model's own.
        classes: the number of classes; None for the model's own.
        include_top: whether the model ends in logits, or in the features
            before them.
        weights: None, or what `weights.load` takes: `"imagenet"` or a file.
            They bring the `mean` and `std` that they were trained with.
        **arguments: the model's own arguments.

    Raises:
        ValueError: the model is unknown, takes no such argument, refuses its
            value, or the weights don't fit.

    >>> build("mlp", input_shape=(8, 8, 1), hidden=[5]).count_params()
    385
    """
    accepted = arguments_of(name)
    catalog.check_weights(name, weights)
    common = {"input_shape": input_shape, "classes": classes}
    common = {key: value for key, value in common.items() if value is not None}
    if not include_top:
        common["include_top"] = False
    for key in [*common, *arguments]:
        if key not in accepted:
            special = [a for a in accepted if a not in _COMMON] or ["none"]
            raise errors.ArgumentError(
                key,
                f"`{key}`: {name} takes no such argument; of its own it has "
                f"{', '.join(special)}",
            )
    model = _class(name)(name=name, **common, **arguments)
    if weights in (None, "none"):
        return model
    return weights_lib.load(model, name, weights)


def load(path):
    """Load a `.keras` file that holds one of the models, not compiled.

    Unlike `keras.saving.load_model` it first refuses a file that is damaged,
    or made to harm.

    Args:
        path: the file.

    Raises:
        Exception: it is no such file, damaged, or made to harm.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> build("lenet5").save(path)
    >>> load(path).count_params()
    61706
    """
    return archives.load_model(path)


def arguments_of(name):
    """Return the names of the arguments that a model takes.

    >>> "pooling" in arguments_of("lenet5")
    True
    """
    return [key for key in _signature(name) if key != "name"]


def default_size(name):
    """Return the height and width of a model's own input, or None.

    >>> default_size("lenet5")
    32
    """
    shape = default_shape(name)
    return shape and shape[0]


def default_shape(name):
    """Return the shape of a model's own input, or None.

    >>> default_shape("lenet5")
    (32, 32, 1)
    """
    argument = _signature(name).get("input_shape")
    if argument is None or argument.default is inspect.Parameter.empty:
        return None
    return argument.default


def _signature(name):
    return inspect.signature(_class(name)).parameters


def _class(name):
    return globals()[catalog.model(name).attribute]
