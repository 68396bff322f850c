"""Every model by name. A model's module loads when the model is named."""

import importlib
import inspect
import pathlib

from kerasnotes import errors

_PICTURES = {
    "alexnet": "pictures.alexnet.AlexNet",
    "googlenet": "pictures.googlenet.GoogLeNet",
    "lenet5": "pictures.lenet.LeNet5",
    "lenet5_teaching": "pictures.lenet.LeNet5Teaching",
    "linear_regression": "pictures.regression.LinearRegression",
    "logistic_regression": "pictures.regression.LogisticRegression",
    "mlp": "pictures.mlp.MLP",
    "mobilenet": "pictures.mobilenet.MobileNet",
    "mobilenet_v2": "pictures.mobilenet.MobileNetV2",
    "nin": "pictures.nin.NetworkInNetwork",
    "plain20": "pictures.resnet_small.Plain20",
    "plain56": "pictures.resnet_small.Plain56",
    "resnet101": "pictures.resnet.ResNet101",
    "resnet110": "pictures.resnet_small.ResNet110",
    "resnet152": "pictures.resnet.ResNet152",
    "resnet18": "pictures.resnet.ResNet18",
    "resnet20": "pictures.resnet_small.ResNet20",
    "resnet32": "pictures.resnet_small.ResNet32",
    "resnet34": "pictures.resnet.ResNet34",
    "resnet44": "pictures.resnet_small.ResNet44",
    "resnet50": "pictures.resnet.ResNet50",
    "resnet56": "pictures.resnet_small.ResNet56",
    "softmax_regression": "pictures.regression.SoftmaxRegression",
    "vgg16": "pictures.vgg.VGG16",
    "vgg19": "pictures.vgg.VGG19",
}

_SEQUENCES = {
    "attention": "sequences.attention.AttentionModel",
    "encoder_decoder": "sequences.encoder_decoder.EncoderDecoder",
    "transformer": "sequences.transformer.Transformer",
}

_MODELS = _PICTURES | _SEQUENCES

_COMMON = (
    "classes",
    "include_top",
    "input_shape",
    "kernel_regularizer",
    "mean",
    "std",
)


IMAGENET = (
    "mobilenet",
    "mobilenet_v2",
    "resnet101",
    "resnet152",
    "resnet50",
    "vgg16",
    "vgg19",
)
"""The models that have weights from ImageNet."""

# What models are made of.
_CLASSES = (
    "network.Network",
    "pictures.resnet.ResNet",
    "sequences.sequence_to_sequence.SequenceToSequence",
    "pictures.vgg.VGG",
)


def __getattr__(attribute):
    for path in (*_MODELS.values(), *_CLASSES):
        if path.endswith(f".{attribute}"):
            return _load(path)
    raise AttributeError(
        f"module 'kerasnotes.models' has no attribute {attribute!r}"
    )


def __dir__():
    paths = (*_MODELS.values(), *_CLASSES)
    return sorted({*globals(), *(path.rpartition(".")[2] for path in paths)})


def names(kind="all"):
    """Returns the name of every model of a kind.

    Args:
        kind: `"pictures"`, `"sequences"` or `"all"`.

    >>> names("sequences")
    ['attention', 'encoder_decoder', 'transformer']
    """
    kinds = {"pictures": _PICTURES, "sequences": _SEQUENCES, "all": _MODELS}
    return sorted(kinds[kind])


def build(
    name,
    input_shape=None,
    classes=None,
    include_top=True,
    weights=None,
    **arguments,
):
    """Builds a model.

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
        UserError: the model is unknown, takes no such argument, refuses its
            value, or the weights don't fit.

    >>> build("mlp", input_shape=(8, 8, 1), hidden=[5]).count_params()
    385
    """
    check_weights(name, weights)
    given = {"input_shape": input_shape, "classes": classes}
    given = {key: value for key, value in given.items() if value is not None}
    if not include_top:
        given["include_top"] = False
    given |= arguments
    accepted = arguments_of(name)
    for key in given:
        if key not in accepted:
            own = [a for a in accepted if a not in _COMMON] or ["none"]
            raise errors.UserError(
                f"--{key}: {name} takes no such argument; of its own it has "
                f"{', '.join(own)}"
            )
    try:
        model = _load(_MODELS[name])(name=name, **given)
    except errors.UserError:
        raise
    except ValueError as error:
        message = " ".join(str(error).split())
        raise errors.UserError(f"--model={name}: {message}") from error
    if weights in (None, "none"):
        return model
    from kerasnotes.models.weights import imagenet as weights_lib

    return weights_lib.load(model, name, weights)


def check_weights(name, weights):
    """Refuses weights that there can't be, before anything is loaded.

    Args:
        name: one of `names()`.
        weights: None, `"none"`, `"imagenet"` or a file's path.

    Raises:
        UserError: there is no such file, or nothing from ImageNet.

    >>> check_weights("vgg16", "imagenet")
    """
    if weights in (None, "none"):
        return
    if weights == "imagenet" and name not in IMAGENET:
        raise errors.UserError(
            f"--weights=imagenet: there are none of {name}; there are of "
            f"{', '.join(IMAGENET)}"
        )
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise errors.UserError(f"--weights={weights}: no such file")


def load(path):
    """Loads a `.keras` file that holds one of the models, not compiled.

    `keras.saving.load_model` does the same once the model's class has been
    named, as in `kerasnotes.models.LeNet5`.

    Args:
        path: the file.
    """
    from kerasnotes import archives

    return archives.load_model(path)


def arguments_of(name):
    """Returns the names of the arguments that a model takes.

    >>> "pooling" in arguments_of("lenet5")
    True
    """
    return [key for key in _signature(name) if key != "name"]


def default_size(name):
    """Returns the height and width of a model's own input, or None.

    >>> default_size("lenet5")
    32
    """
    shape = default_shape(name)
    return shape and shape[0]


def default_shape(name):
    """Returns the shape of a model's own input, or None.

    >>> default_shape("lenet5")
    (32, 32, 1)
    """
    found = _signature(name).get("input_shape")
    if found is None or found.default is inspect.Parameter.empty:
        return None
    return found.default


def _signature(name):
    if name not in _MODELS:
        raise errors.unknown("--model", name, _MODELS)
    return inspect.signature(_load(_MODELS[name])).parameters


def _load(path):
    module, _, attribute = path.rpartition(".")
    module = importlib.import_module(f"kerasnotes.models.{module}")
    return getattr(module, attribute)
