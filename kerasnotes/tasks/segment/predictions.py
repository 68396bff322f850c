"""Masks answered for pictures of one's own: files, and areas to print."""

import io

import numpy as np
from PIL import Image

from kerasnotes import files
from kerasnotes.plots import masks as mask_plot
from kerasnotes.tasks.pictures import serving
from kerasnotes.training.run import folder as run_folder


def predictions(task, trained, paths):
    """Yield a row for each picture, and write its mask.

    Masks go to `RUN_DIR/predictions/NAME.png`, in the picture's size, with a
    palette whose indices are the classes.

    Args:
        task: the `Segment`.
        trained: the `Trained`.
        paths: files and folders of pictures.
    """
    serve = task.signatures(trained)["serving_default"].function
    run = run_folder.RunFolder(task.config.run_dir, task.name)
    folder, taken = run.output("predictions"), set()
    names = trained.facts["classes"]
    palette = mask_plot.colours(len(names), trained.facts.get("colours"))
    for path, tensors in serving.answers(serve, paths):
        if "error" in tensors:
            yield {"file": path, **tensors}
            continue
        with Image.open(io.BytesIO(tensors["mask"][0].numpy())) as image:
            mask = np.asarray(image)
        output = folder / f"{serving.free_name(path, taken)}.png"
        files.write_bytes(output, mask_plot.palette_png(mask, palette))
        row = areas(names, tensors)
        if task.config.format == "table":
            # Its cells have no titles.
            row = {"areas": listed(names, row)}
        yield {"file": path, **row, "mask": str(output)}


def listed(names, row):
    """Return the areas of a picture's classes in a line.

    Args:
        names: of the classes.
        row: what `areas` returned.

    >>> listed(["sky", "sea"], {"sky": 3, "sky_%": 75.0, "sea": 1, "sea_%": 25})
    'sky 3 (75 %), sea 1 (25 %)'
    """
    return ", ".join(f"{n} {row[n]} ({row[f'{n}_%']:g} %)" for n in names)


def areas(names, tensors):
    """Return the areas of a picture's classes, in pixels and in percent.

    Args:
        names: of the classes.
        tensors: what is served for the picture, a batch of one.

    >>> areas(["sky", "sea"], {"areas": np.array([[3, 1]])})
    {'sky': 3, 'sky_%': 75.0, 'sea': 1, 'sea_%': 25.0}
    """
    pixels = np.asarray(tensors["areas"])[0]
    total = max(int(pixels.sum()), 1)
    row = {}
    for name, count in zip(names, pixels, strict=True):
        row[name] = int(count)
        row[f"{name}_%"] = round(100 * int(count) / total, 2)
    return row
