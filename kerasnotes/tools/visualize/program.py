"""The program that looks inside models."""

import dataclasses

from etils import epy

from kerasnotes import catalog, errors
from kerasnotes.training.run import command
from kerasnotes.training.run import config as config_lib
from kerasnotes.training.run import options as options_lib

with epy.lazy_imports():
    from kerasnotes import models
    from kerasnotes.plots import page
    from kerasnotes.tools import runs
    from kerasnotes.tools.visualize import layer_table, subject, views

setting = config_lib.setting
_MODELS = (*catalog.names("pictures"), "linear_regression")
_SEEN = {"run_dir", "layers", "units", "split", "dataset"}
_FLAGS = {
    "all": _SEEN,
    "summary": {"run_dir", "model", "image_size"},
    "filters": {"run_dir"},
    "patches": _SEEN,
    "activations": _SEEN,
    "heat_maps": _SEEN - {"units"},
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What can be looked at."""

    mode: str = setting(
        "all",
        "summary: activations, parameters, multiply-adds and receptive "
        "field of each layer of a run or of a --model; filters: those of "
        "the first layer; patches: the nine that excite a unit most; "
        "activations: maps of some pictures; heat_maps: class-activation "
        "maps; all: these on one page.",
        choices=tuple(_FLAGS),
    )
    run_dir: str | None = setting(None, "Run folder.")
    model: str | None = setting(
        None,
        "Model for --mode=summary, with its default arguments.",
        choices=_MODELS,
    )
    image_size: int | None = setting(
        None, "Input size of that model.", bounds=(1, 4096)
    )
    layers: str | None = setting(
        None,
        "Layers to show, separated by commas; default the last of each size.",
    )
    units: str | None = setting(
        None, "Units to show, as 0,5,9; default eight, evenly spaced."
    )
    split: str = setting("dev", "Split of the pictures to show.")
    dataset: str | None = setting(
        None, "Another data set with the same classes."
    )

    check = options_lib.check_bounds


def main():
    """Run the command line; return only through `sys.exit`."""
    command.run(Options, run)


def run(options_named, rest, program):
    """Do what `--mode` says.

    Args:
        options_named: the fields of `Options` that the user named.
        rest: files and folders of pictures to look at.
        program: the program's name.

    Returns:
        What was written: paths, the page last; or the summary.
    """
    options = Options(**options_named)
    options.check()
    mode = options.mode
    command.check_mode(mode, options_named, _FLAGS)
    _check_inputs(options, options_named, rest)
    if mode == "summary":
        return _summary(options)
    look = subject.look(options, rest)
    if not look.layers and mode not in ("all", "filters"):
        raise errors.UserError(
            f"--mode={mode}: {look.model.name} has no maps, only units that "
            "see the whole picture; --mode=filters shows their weights"
        )
    if mode != "all":
        blocks = getattr(views, mode)(look)
        return _print_paths(
            b.png for b in blocks if isinstance(b, page.Picture)
        )
    blocks = views.filters(look)
    if look.layers:
        blocks += views.patches(look)
        blocks += views.activations(look)
        blocks += views.heat_maps(look)
    pictures = [b.png for b in blocks if isinstance(b, page.Picture)]
    return _print_paths([*pictures, _page(look, blocks)])


def _print_paths(paths):
    paths = list(paths)
    for path in paths:
        print(errors.printable(path))
    return paths


def _check_inputs(options, options_named, rest):
    mode = options.mode
    if rest and "split" not in _FLAGS[mode]:
        raise errors.UserError(f"{rest[0]!r}: --mode={mode} takes flags alone")
    for name in {"split", "dataset"} & set(options_named):
        if rest:
            raise errors.UserError(
                f"--{name}: the pictures are those named, {rest[0]} first; "
                "leave the flag or the files out"
            )
    if mode == "summary":
        if (options.run_dir is None) == (options.model is None):
            raise errors.UserError(
                "--mode=summary: name a --run_dir or a --model, one of the two"
            )
        if options.run_dir and options.image_size:
            raise errors.UserError(
                "--image_size: goes with --model; a run has its own"
            )
    elif options.run_dir is None:
        raise errors.UserError(
            f"--run_dir: name the run that --mode={mode} shall look into"
        )


def _summary(options):
    if options.run_dir:
        run = runs.open_run(options.run_dir)
        model = run.trained.model
        if any(None in tensor.shape[1:] for tensor in model.inputs):
            raise errors.UserError(
                f"--run_dir={options.run_dir}: a run of {run.task.name}, whose "
                "inputs have no size of their own; give one of pictures"
            )
    else:
        name, side = options.model, options.image_size
        default = models.default_shape(name)
        if side is None and default is None:
            raise errors.UserError(
                f"--image_size: {name} has no size of its own; give one, "
                "such as 8, of grey pictures"
            )
        shape = (side, side, default[-1] if default else 1) if side else default
        with errors.as_flags(default=f"--model={name}"):
            model = models.build(name, input_shape=shape)
    text = layer_table.text(model)
    print(text)
    return text


def _page(look, blocks):
    """Write index.html; return its path."""
    table = layer_table.cells(look.model)
    path = look.folder / "index.html"
    facts = [("parameters", table[-1][4]), ("multiply-adds", table[-1][5])]
    page.write(
        path,
        f"Inside {look.run.folder.path.name}",
        f"{look.run.task.config.model}, looking at "
        f"{len(look.pictures):,} pictures",
        [
            page.Facts(facts),
            *blocks,
            page.Heading("Layers"),
            page.Text(
                "What each layer gives for one picture, and what that costs: "
                "multiply-adds are those of kernels. A unit sees a part of "
                "the picture as large as its receptive field, padding "
                "included; its neighbour sees one that is a stride on."
            ),
            page.Table(
                list(layer_table.HEADER), table, numeric=layer_table.NUMERIC
            ),
        ],
    )
    return path
