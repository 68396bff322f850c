"""Every model and every task by name, and what flags and advice say of them.

It imports none of them, so that `--help` answers at once. Adding a model is
its file, its entry here, and a line in `kerasnotes.models`.
"""

import dataclasses
import pathlib

from kerasnotes import errors

KINDS = ("pictures", "sequences", "tables")
"""What models take: pictures, pairs of token sequences, rows of numbers."""

_LARGE = 64  # Pictures of this side and more have `larger_from_64`.


@dataclasses.dataclass(frozen=True)
class ModelSpec:
    """One model.

    Attributes:
        name: what `--model` calls it.
        module: its module in `kerasnotes.models`.
        attribute: its class there, and in `kerasnotes.models`.
        kinds: which of `KINDS` it takes.
        larger: the next larger model, or None.
        larger_from_64: the next larger for pictures of 64×64 and more,
            where that is another one.
        smaller: the next smaller model, or None.
        alternative: another model of about its size, or None.
        shallow: whether it has no hidden layer.
        flat: whether its features, without its top, are a vector and no maps.
        application: its class in `keras.applications`, where that has
            weights from ImageNet.
        preprocessing: how inputs of those weights were scaled: `caffe` or
            `tf`, as `keras.applications.imagenet_utils` calls them.
    """

    name: str
    module: str
    attribute: str
    kinds: tuple
    larger: str | None = None
    larger_from_64: str | None = None
    smaller: str | None = None
    alternative: str | None = None
    shallow: bool = False
    flat: bool = False
    application: str | None = None
    preprocessing: str | None = None


@dataclasses.dataclass(frozen=True)
class TaskSpec:
    """One task.

    Attributes:
        name: what its trainer and `metrics.json` call it.
        module: its module in `kerasnotes.tasks`.
        attribute: its class there.
    """

    name: str
    module: str
    attribute: str


def _pictures(name, module, attribute, **more):
    return ModelSpec(
        name, f"pictures.{module}", attribute, ("pictures",), **more
    )


def _resnet(layers, module="resnet", **more):
    return _pictures(f"resnet{layers}", module, f"ResNet{layers}", **more)


def _small_resnet(layers, **more):
    return _resnet(layers, "resnet_small", **more)


def _sequences(name, attribute, **more):
    return ModelSpec(
        name, f"sequences.{name}", attribute, ("sequences",), **more
    )


_CAFFE, _TF = {"preprocessing": "caffe"}, {"preprocessing": "tf"}

_MODELS = (
    _pictures("alexnet", "alexnet", "AlexNet", larger="resnet18"),
    _sequences(
        "attention",
        "AttentionModel",
        larger="transformer",
        smaller="encoder_decoder",
    ),
    _pictures("darknet_small", "darknet", "DarknetSmall", larger="resnet18"),
    _sequences("encoder_decoder", "EncoderDecoder", larger="attention"),
    _pictures("googlenet", "googlenet", "GoogLeNet", larger="resnet50"),
    _pictures(
        "lenet5",
        "lenet",
        "LeNet5",
        flat=True,
        larger="resnet20",
        larger_from_64="resnet18",
        alternative="lenet5_teaching",
    ),
    _pictures(
        "lenet5_teaching",
        "lenet",
        "LeNet5Teaching",
        flat=True,
        larger="resnet20",
        larger_from_64="resnet18",
        alternative="lenet5",
    ),
    ModelSpec(
        "linear_regression",
        "pictures.regression",
        "LinearRegression",
        ("tables",),
        larger="mlp",
        shallow=True,
        flat=True,
    ),
    _pictures(
        "logistic_regression",
        "regression",
        "LogisticRegression",
        larger="mlp",
        shallow=True,
        flat=True,
    ),
    ModelSpec("mlp", "pictures.mlp", "MLP", ("pictures", "tables"), flat=True),
    _pictures(
        "mobilenet",
        "mobilenet",
        "MobileNet",
        larger="resnet50",
        smaller="mobilenet_v2",
        application="MobileNet",
        **_TF,
    ),
    _pictures(
        "mobilenet_v2",
        "mobilenet",
        "MobileNetV2",
        larger="mobilenet",
        application="MobileNetV2",
        **_TF,
    ),
    _pictures("nin", "nin", "NetworkInNetwork", larger="resnet20"),
    _pictures("plain20", "resnet_small", "Plain20"),
    _pictures("plain56", "resnet_small", "Plain56"),
    _resnet(
        101,
        larger="resnet152",
        smaller="resnet50",
        application="ResNet101",
        **_CAFFE,
    ),
    _small_resnet(110, smaller="resnet56"),
    _resnet(152, smaller="resnet101", application="ResNet152", **_CAFFE),
    _resnet(18, larger="resnet34", smaller="resnet20"),
    _small_resnet(20, larger="resnet32", smaller="lenet5"),
    _small_resnet(32, larger="resnet44", smaller="resnet20"),
    _resnet(34, larger="resnet50", smaller="resnet18"),
    _small_resnet(44, larger="resnet56", smaller="resnet32"),
    _resnet(
        50,
        larger="resnet101",
        smaller="resnet34",
        application="ResNet50",
        **_CAFFE,
    ),
    _small_resnet(56, larger="resnet110", smaller="resnet44"),
    _pictures(
        "softmax_regression",
        "regression",
        "SoftmaxRegression",
        larger="mlp",
        shallow=True,
        flat=True,
    ),
    _sequences("transformer", "Transformer", smaller="attention"),
    _pictures(
        "vgg16",
        "vgg",
        "VGG16",
        larger="resnet50",
        application="VGG16",
        **_CAFFE,
    ),
    _pictures(
        "vgg19",
        "vgg",
        "VGG19",
        larger="resnet50",
        application="VGG19",
        **_CAFFE,
    ),
)

MODELS = {spec.name: spec for spec in _MODELS}
"""The `ModelSpec` of each name."""

TASKS = {
    spec.name: spec
    for spec in (
        TaskSpec("classify", "classify.task", "Classify"),
        TaskSpec("detect", "detect.task", "Detect"),
        TaskSpec("localize", "localize.task", "Localize"),
        TaskSpec("multilabel", "multilabel.task", "Multilabel"),
        TaskSpec("regress", "regress.task", "Regress"),
        TaskSpec("segment", "segment.task", "Segment"),
        TaskSpec("translate", "translate.task", "Translate"),
    )
}
"""The `TaskSpec` of each name."""

IMAGENET = tuple(spec.name for spec in _MODELS if spec.application)
"""The models that have weights from ImageNet."""


def names(kind="all"):
    """Return the name of every model of a kind, sorted.

    Args:
        kind: one of `KINDS`, or `"all"`.

    >>> names("sequences")
    ['attention', 'encoder_decoder', 'transformer']
    """
    if kind not in ("all", *KINDS):
        raise errors.unknown("`kind`", kind, ("all", *KINDS))
    return sorted(
        name for name, spec in MODELS.items() if kind in ("all", *spec.kinds)
    )


def model(name):
    """Return the `ModelSpec` of a model.

    Raises:
        ArgumentError: there is none of that `name`.

    >>> model("resnet50").attribute
    'ResNet50'
    """
    if name not in MODELS:
        raise errors.unknown("`name`", name, MODELS)
    return MODELS[name]


def task(name):
    """Return the `TaskSpec` of a task.

    Raises:
        UserError: there is none.

    >>> task("classify").module
    'classify.task'
    """
    if name not in TASKS:
        raise errors.unknown("task", name, TASKS)
    return TASKS[name]


def larger(name, side=None):
    """Return the next larger model, or None.

    Args:
        name: a model's name; None is returned for one that isn't listed.
        side: the side of its pictures, where it is known.

    >>> larger("lenet5"), larger("lenet5", 96), larger("resnet152")
    ('resnet20', 'resnet18', None)
    """
    spec = MODELS.get(name)
    if spec and spec.larger_from_64 and (side or 0) >= _LARGE:
        return spec.larger_from_64
    return spec and spec.larger


def smaller(name):
    """Return the next smaller model, or None.

    >>> smaller("resnet50"), smaller("resnet18"), smaller("lenet5")
    ('resnet34', 'resnet20', None)
    """
    spec = MODELS.get(name)
    return spec and spec.smaller


def check_weights(name, weights):
    """Refuses weights that there can't be, before anything is loaded.

    Args:
        name: a model's name.
        weights: None, `"none"`, `"imagenet"` or a file's path.

    Raises:
        ArgumentError: there is no such file, or nothing from ImageNet.

    >>> check_weights("vgg16", "imagenet")
    """
    if weights in (None, "none"):
        return
    if weights == "imagenet" and name not in IMAGENET:
        raise errors.ArgumentError(
            "weights",
            f"`weights`=imagenet: there are none of {name}; there are of "
            f"{', '.join(IMAGENET)}",
        )
    path = pathlib.Path(weights)
    if weights != "imagenet" and not path.is_file():
        reason = "a folder" if path.is_dir() else "no such file"
        inside = path / "model.keras"
        files = inside if inside.is_file() else ".keras or .weights.h5"
        raise errors.ArgumentError(
            "weights", f"`weights`={weights}: {reason}; give a file: {files}"
        )
