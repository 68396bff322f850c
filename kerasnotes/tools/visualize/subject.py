"""What is looked at: a run's model, pictures, layers and units."""

import dataclasses
import pathlib

import keras
import numpy as np

from kerasnotes import errors, specs
from kerasnotes.data.pictures import decode
from kerasnotes.models import network
from kerasnotes.models.pictures import summary
from kerasnotes.plots import markup
from kerasnotes.tasks import pictures
from kerasnotes.tasks.pictures import serving as picture_serving
from kerasnotes.tools import runs
from kerasnotes.training import runner

_RIGHT, _WRONG, _UNITS = 9, 6, 8
_PASSIVE = (
    "Pooling",
    "Padding",
    "Cropping",
    "InputLayer",
    "Normalization",
    "Standardization",
)


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Pictures at the model's size, and what it makes of them.

    Attributes:
        images: uint8 `[n, height, width, channels]`.
        indices: which of them, and in which order.
        titles: what each is: its true class, or a file's name.
        answers: what the model takes each for, or None where it isn't asked.
        wrong: for each the class that it should have given, or that it
            wrongly gave as one of several; None where it is right.
    """

    images: np.ndarray
    indices: np.ndarray
    titles: list
    answers: list | None = None
    wrong: list | None = None

    def __len__(self):
        return len(self.indices)

    def at(self, places):
        """Return the pictures in these places, uint8."""
        return self.images[self.indices[places]]


@dataclasses.dataclass(frozen=True)
class Look:
    """What is looked at.

    Attributes:
        run: the run.
        model: its model from the input to the logits.
        rows: `summary.table` of it.
        pictures: all pictures to look at.
        chosen: places of those to show: right ones, then wrong ones.
        layers: the rows of the layers to look at.
        asked: whether the user named the layers.
        units: the units asked for, or None.
        folder: where pictures go.
    """

    run: runner.OpenRun
    model: keras.Model
    rows: list
    pictures: Pictures
    chosen: tuple
    layers: list
    asked: bool
    units: list | None
    folder: pathlib.Path

    def units_of(self, row):
        """Return the units of a layer to look at.

        Raises:
            UserError: it has no such unit.
        """
        count = row.shape[-1]
        if self.units is None:
            spread = np.linspace(0, count - 1, min(_UNITS, count))
            return [int(i) for i in spread.round()]
        for unit in self.units:
            if not 0 <= unit < count:
                raise errors.UserError(
                    f"--units={unit}: {row.name} has the units 0 to "
                    f"{count - 1}; name some of these, and the layers with "
                    "--layers"
                )
        return self.units

    @property
    def batch_size(self):
        return self.run.task.config.batch_size


def look(options, paths):
    """Return the `Look` that the flags ask for.

    Args:
        options: the flags `run_dir`, `layers`, `units`, `split`, `dataset`.
        paths: files and folders of pictures to look at instead of the data.

    Raises:
        UserError: there is no such run, layer or split, or no picture.
    """
    flags = {"dataset": options.dataset} if options.dataset else {}
    run = runs.open_run(options.run_dir, **flags)
    is_of_pictures = isinstance(run.task, pictures.PictureTask)
    if not is_of_pictures or not _classifies(run.trained.model):
        raise errors.UserError(
            f"--run_dir={options.run_dir}: a run of {run.task.name}; give "
            "one that classifies pictures: of classify or multilabel"
        )
    served = run.trained.model
    logits = served.get_layer(network.HEAD).output
    model = keras.Model(served.inputs, logits)
    rows = summary.table(model)
    layers = _layers(rows, options.layers)
    units = specs.numbers("--units", options.units)
    if paths:
        shown = _from_files(paths, run)
        chosen = list(range(min(len(shown), _RIGHT))), []
    else:
        shown, chosen = _from_split(run, options.split)
    return Look(
        run,
        model,
        rows,
        shown,
        chosen,
        layers,
        bool(options.layers),
        units,
        run.folder.output("visualize"),
    )


def _classifies(model):
    """Return whether a model gives a picture the logits of its classes."""
    names = [layer.name for layer in model.layers]
    output = model.output
    return (
        network.HEAD in names
        and not isinstance(output, dict)
        and output.shape == model.get_layer(network.HEAD).output.shape
        and len(output.shape) == 2
    )


def _layers(rows, names):
    """Return the rows asked for; else the last of each size of map."""
    maps = {row.name: row for row in rows if row.maps and row.fields}
    if names:
        for name in names.split(","):
            if name not in maps:
                raise errors.unknown("--layers", name, maps)
        return [maps[name] for name in names.split(",")]
    learned = [row.name for row in rows if row.parameters]
    first = [row.name for row in rows].index(learned[0])
    last = {
        row.shape[:2]: row
        for row in rows[first:]
        if row.name in maps and not any(k in row.kind for k in _PASSIVE)
    }
    return list(last.values())


def _from_split(run, name):
    outcome = run.outcome(name)
    split = run.data.splits[name]
    rows, wrong = outcome.rows, set(outcome.mistakes())
    # Of several labels, the sheet says which are wrong.
    missed = [
        row.get("wrong", row["true"]).split(";")[0] if i in wrong else None
        for i, row in enumerate(rows)
    ]
    surest = {}
    for i, row in enumerate(rows):
        best = surest.get(row["true"])
        if i not in wrong and (
            best is None or row["confidence"] > rows[best]["confidence"]
        ):
            surest[row["true"]] = i
    right = [surest[name] for name in sorted(surest)][:_RIGHT]
    shown = Pictures(
        split.examples.images,
        split.indices,
        [markup.answer(row["true"]) for row in rows],
        [row["given"].split(";")[0] for row in rows],
        missed,
    )
    return shown, (right, outcome.mistakes()[:_WRONG])


def _from_files(paths, run):
    *size, channels = run.facts["input_shape"]

    def at_size(encoded):
        picture = decode.decode(encoded[0])
        return {
            "picture": decode.resize(
                picture, size, channels, run.task.config.resize
            )
        }

    by_class = {}
    for path, answer in picture_serving.answers(at_size, paths):
        if "error" in answer:
            raise errors.UserError(f"{path}: {answer['error']}")
        by_class[path] = answer["picture"].numpy()
    return Pictures(
        np.stack(list(by_class.values())),
        np.arange(len(by_class)),
        [pathlib.Path(path).name for path in by_class],
    )
