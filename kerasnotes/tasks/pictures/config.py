"""The flags that every task on pictures shares."""

import dataclasses
import functools
import typing

from etils import epy

from kerasnotes import catalog, choices, errors, flag_paths
from kerasnotes.tasks.pictures import freezing
from kerasnotes.training.run import config as config_lib

with epy.lazy_imports():
    from kerasnotes.tasks.pictures import transfer

MODELS = tuple(catalog.names("pictures"))
option, setting = config_lib.option, config_lib.setting
redefault = config_lib.redefault
# `augmentation.named.POLICIES`, slow to import.
POLICIES = ("none", "light", "standard", "strong")
# What no path is meant by in `composed:foregrounds=…,backgrounds=…`.
_MADE = ("digits", "gradient", "noise")


def absolute(text):
    """Return a data set's name with the paths in it absolute.

    Args:
        text: what `data.pictures.load.load` takes.
    """
    name, colon, arguments = text.partition(":")
    if name == "composed" and colon:
        return f"{name}:{','.join(map(_argument, arguments.split(',')))}"
    return flag_paths.absolute(text, ("digits",))


def _argument(text):
    key, equals, value = text.partition("=")
    if key.strip() not in ("foregrounds", "backgrounds"):
        return text
    path = flag_paths.absolute(value.strip(), _MADE)
    return text if "," in path else f"{key}{equals}{path}"


@dataclasses.dataclass(frozen=True)
class Config(config_lib.FitConfig):
    """The flags of a task on pictures."""

    memory_flags: typing.ClassVar[tuple] = (
        "width",
        "image_size",
        "batch_size",
    )

    dev_dataset: str | None = option(
        None,
        "Data set of the target distribution, halved into dev and test; "
        "--dataset then gives train and train-dev only.",
        path=absolute,
    )
    epochs: int = redefault("epochs", 100)
    learning_rate: float = redefault("learning_rate", 3e-3)
    lr_schedule: str = redefault("lr_schedule", "cosine")
    optimize: str = redefault("optimize", "accuracy")
    model: str = option("lenet5", "Model architecture.", choices=MODELS)
    image_size: int | None = option(
        None,
        "Input size: the side of the model's picture; default the model's.",
        bounds=(1, 4096),
    )
    image_width: int | None = option(
        None,
        "Width of the model's picture, of which --image_size is the height; "
        "default a square.",
        bounds=(1, 4096),
    )
    cache: str = setting(
        "auto",
        "Where decoded pictures are kept: memory, disk, none (files are "
        "decoded whenever they are needed); auto: by their size.",
        choices=("auto", "memory", "disk", "none"),
    )
    resize: str = option(
        "stretch",
        "How a picture is brought to the input size.",
        choices=("stretch", "pad", "crop"),
    )
    split: str | None = option(
        None,
        "Splits: 'train[:50000],dev[50000:]' by rows, 'train=85%,dev=15%' "
        "by class and --group; default 60/20/20 or 98/1/1 %.",
    )
    group: str | None = option(
        None,
        "Regular expression of a file's group; files of one match stay in "
        "one split.",
    )
    example_weight: str | None = option(
        None,
        "CSV of id,weight: weights of examples in the loss and in weighted"
        " metrics; 1 for the others.",
        path=flag_paths.absolute,
    )
    train_dev: bool = option(
        False, "Hold 10 % of train out as the train-dev set."
    )
    augment: str = option(
        "light",
        "Augmentation policy: none, light, standard or "
        "strong[:rotate=…,mixup=…], or a JSON file of such values.",
        path=functools.partial(flag_paths.absolute, names=POLICIES),
    )
    filters: str | None = option(
        None,
        "Filters of the convolutions of LeNet-5, as '8,16'; default 6,16.",
    )
    hidden: str | None = option(
        None, "Units of the hidden layers, as '128,64'."
    )
    activation: str | None = option(
        None,
        "Activation function of the hidden layers; default the model's.",
        choices=choices.ACTIVATIONS,
    )
    initializer: str | None = option(
        None,
        f"Kernel initializer: {', '.join(choices.INITIALIZERS)}, or one of "
        "Keras by its name, as orthogonal; default the model's.",
    )
    dropout: str | None = option(
        None,
        "Dropout rate of the hidden units: one, or one per layer, as "
        "'0.2,0.5'; the notes' keep_prob is 1 minus it.",
    )
    input_dropout: float | None = option(
        None,
        "Dropout rate of the model's inputs; default 0.",
        bounds=(0, 1),
    )
    batch_norm: bool | None = option(
        None, "Batch normalization before each activation."
    )
    width: float | None = option(
        None, "Width multiplier of the network's channels.", bounds=(1e-3, 10)
    )
    weights: str = option(
        "none",
        "Initial weights: none (random), imagenet, or a .keras or "
        ".weights.h5 file; a head for other classes is not loaded.",
        path=functools.partial(flag_paths.absolute, names=("none", "imagenet")),
    )
    freeze: str = option(
        "none",
        "Layers to freeze: none, all (but the head), the first N blocks, or "
        f"auto, by the training set: all up to {freezing.HEAD_ALONE:,} "
        f"examples, half of the blocks up to {freezing.LAST_LAYERS:,}, else "
        "none.",
    )

    def check(self):
        """Refuses also weights that aren't, and a part to freeze.

        Raises:
            UserError: see above.
        """
        super().check()
        if self.image_width and not self.image_size:
            raise errors.UserError(
                f"--image_width={self.image_width}: goes with --image_size, "
                "which is then the height"
            )
        if self.mode == "train":
            # Before TensorFlow and the data are loaded.
            with errors.as_flags("weights"):
                catalog.check_weights(self.model, self.weights)
        if self.freeze != "none":
            transfer.check(self)

    def input_size(self):
        """Return the side that the flags ask for, (height, width), or None."""
        if self.image_width:
            return self.image_size, self.image_width
        return self.image_size

    @property
    def subject(self):
        if self.dev_dataset is None:
            return super().subject
        return (
            f"{super().subject}, judged on {flag_paths.short(self.dev_dataset)}"
        )
