"""What there is to see inside a run, each as pictures on a page."""

import keras
import numpy as np

from kerasnotes.plots import activations as activations_plot
from kerasnotes.plots import figures, heat_map, images, page
from kerasnotes.plots import filters as filters_plot
from kerasnotes.plots import patches as patches_plot
from kerasnotes.tools.visualize import heat_maps as heat_maps_lib
from kerasnotes.tools.visualize import patches as patches_lib

_FILTERS, _ROWS = 96, 5
_FINE = 4  # The least side of a map that shows where.


def filters(look):
    """Return the blocks with the first layer's filters."""
    layer = next(x for x in look.model.layers if hasattr(x, "kernel"))
    kernel = np.asarray(layer.kernel, "float32")
    if kernel.ndim == 2:
        # A dense layer's weights lie as the picture that was flattened.
        kernel = kernel.reshape([*look.model.input_shape[1:], -1])
    count = kernel.shape[-1]
    kernel = kernel[..., :_FILTERS]
    figure = filters_plot.filters(
        kernel, list(range(kernel.shape[-1])), 8 if count <= 32 else 12
    )
    height, width = kernel.shape[:2]
    some = f"The first {_FILTERS} of the" if count > _FILTERS else "The"
    text = (
        f"{some} {count} filters of {layer.name}, {height}×{width}: mid-grey "
        "is 0, brighter positive, darker negative, each scaled by its "
        "largest weight."
    )
    return [
        page.Heading("First-layer filters"),
        _save(look, "filters", figure, text, f"Filters of {layer.name}"),
    ]


def patches(look):
    """Return the blocks with the patches that excite units most."""
    names = [row.name for row in look.layers]
    peaks = patches_lib.peaks(look.model, names, look.pictures, look.batch_size)
    blocks = [
        page.Heading("What excites units most"),
        page.Text(
            f"The nine of {len(look.pictures):,} pictures with the largest "
            "activation of a unit, cut where it is by what the unit sees; "
            "outside the picture it is light grey. Above them the largest "
            "activation."
        ),
    ]
    for row in look.layers:
        units, of_layer = look.units_of(row), peaks[row.name]
        groups = [
            patches_lib.of_unit(of_layer, row, unit, look.pictures)
            for unit in units
        ]
        titles = [
            f"unit {unit}: {of_layer.values[0, unit]:.3g}" if group
            else f"unit {unit}: silent"
            for unit, group in zip(units, groups, strict=True)
        ]  # fmt: skip
        sees = "×".join(str(field.size) for field in row.fields)
        blocks.append(
            _save(
                look,
                f"patches_{row.name}",
                patches_plot.patches(groups, titles),
                f"{row.name}: {len(units)} of {row.shape[-1]} units, each "
                f"sees {sees} pixels.",
                f"Patches that excite units of {row.name}",
            )
        )
    return blocks


def activations(look):
    """Return the blocks with the activation maps of some pictures."""
    places = _mixed(look)
    batch = look.pictures.at(places)
    taps = {x.name: look.model.get_layer(x.name).output for x in look.layers}
    maps = keras.Model(look.model.inputs, taps).predict_on_batch(
        batch.astype("float32")
    )
    blocks = [
        page.Heading("Activation maps"),
        page.Text(
            "Each row is a picture with its maps. A unit has one scale over "
            "the rows: black its least, yellow its largest activation."
        ),
    ]
    for row in look.layers:
        units = look.units_of(row)
        figure = activations_plot.activations(
            batch,
            maps[row.name][..., units],
            [look.pictures.titles[i] for i in places],
            [f"unit {unit}" for unit in units],
        )
        size = "×".join(map(str, row.shape[:2]))
        blocks.append(
            _save(
                look,
                f"activations_{row.name}",
                figure,
                f"{row.name}: {len(units)} of {row.shape[-1]} maps of {size}.",
                f"Activation maps of {row.name}",
            )
        )
    return blocks


def heat_maps(look):
    """Return the blocks with the heat maps of right and wrong pictures."""
    blocks = [page.Heading("Class-activation heat maps")]
    right, wrong = look.chosen
    for row in look.layers if look.asked else [_last(look)]:
        if right:
            blocks.append(_heat(look, row, "heat_maps", right, ""))
        if wrong:
            text = (
                "Mistakes, the surest first: what speaks for the class given, "
                "then for the one it got wrong. "
            )
            blocks.append(_heat(look, row, "heat_maps_wrong", wrong, text))
    return blocks


def _last(look):
    """Return the row that explains the answer: nearest to the head."""
    pooled = heat_maps_lib.pooled(look.model)
    maps = [row for row in look.rows if row.maps and row.fields]
    last = next(
        (row for row in maps if pooled and row.name == pooled.name), maps[-1]
    )
    if min(last.shape[:2]) >= _FINE:
        return last
    # Of a coarser map, half the picture would be the evidence.
    fine = [row for row in maps if min(row.shape[:2]) >= _FINE]
    return fine[-1] if fine else last


def _heat(look, row, name, places, text):
    """Return the picture of what speaks for classes in these places."""
    names = look.run.facts["classes"]
    batch = look.pictures.at(places)
    answers = _answers(look, places, names)
    wrong = look.pictures.wrong and [look.pictures.wrong[i] for i in places]
    columns = [answers]
    if name == "heat_maps_wrong":
        columns.append([names.index(missed) for missed in wrong])
    heats = [
        heat_maps_lib.heat_maps(look.model, row.name, batch, classes)
        for classes in columns
    ]
    method = heats[0][0]
    tiles, titles = [], []
    for i, place in enumerate(places):
        tiles.append(batch[i])
        titles.append(look.pictures.titles[place])
        for classes, (_, maps) in zip(columns, heats, strict=True):
            heat = heat_maps_lib.spread(maps[i], row.fields, batch.shape[1:3])
            tiles.append(heat_map.overlay(batch[i], heat))
            titles.append(f"for {names[classes[i]]}")
    across = 1 + len(columns)
    figure = images.grid(tiles, titles, 6 // across * across, side=1.7)
    return _save(
        look,
        f"{name}_{row.name}",
        figure,
        f"{text}{method} at {row.name}, {row.shape[0]}×{row.shape[1]}: yellow "
        "where the evidence for the class is largest, in each picture by "
        "itself.",
        f"Heat maps at {row.name}",
    )


def _answers(look, places, names):
    """Return the class that each picture is taken for."""
    logits = look.model.predict_on_batch(
        look.pictures.at(places).astype("float32")
    )
    best = [int(i) for i in np.argmax(logits, axis=-1)]
    answers = look.pictures.answers
    if answers is None:
        return best
    # Of several labels, none may be given.
    return [
        names.index(answers[place]) if answers[place] in names else top
        for place, top in zip(places, best, strict=True)
    ]


def _mixed(look):
    """Return places of a few pictures, of as many classes as may be."""
    right, wrong = look.chosen
    spread = np.linspace(0, len(right) - 1, min(_ROWS, len(right)))
    return [right[int(i)] for i in spread] or wrong[:_ROWS]


def _save(look, name, figure, caption, alt):
    path = look.folder / f"{name.replace('/', '_')}.png"
    figures.save(figure, path)
    return page.Picture(path, caption, alt)
