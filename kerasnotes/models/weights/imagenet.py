"""What a model starts from: ImageNet's weights, or those of a file."""

import json
import socket
import zipfile

import h5py
import keras
import numpy as np

from kerasnotes import archives, catalog, errors
from kerasnotes.models import network
from kerasnotes.models.weights import hdf5

# What `ModelSpec.preprocessing` does to a picture.
_SCALES = {
    "caffe": {"mean": [123.68, 116.779, 103.939], "std": [1.0] * 3},
    "tf": {"mean": [127.5] * 3, "std": [127.5] * 3},
}

# What the head has been called there.
_HEADS = ("predictions", "conv_preds", "probs", "Logits")

# These may be left out, since they go by the classes and the pictures' size.
_TOP = ("fc1", "fc2", network.HEAD)
_FC1_INPUTS = 7 * 7 * 512

_SECONDS = 10


def load(model, name, path):
    """Return the model with weights that were learned elsewhere.

    Layers take weights by their names, and all but the head's must fit. A
    head for other classes is left out, and so are VGG's dense layers for
    pictures of another size: the model's `left_out` are their names. What was
    trained on inputs of a certain mean and deviation gets them: the model is
    then made anew with these.

    Args:
        model: a `Network`.
        name: its name in `kerasnotes.models.names()`.
        path: `imagenet`, for the weights of `keras.applications`; a `.keras`
            or `.weights.h5` file of this package; or a weights file of
            `keras.applications`, `.weights.h5` or the older `.h5`.

    Raises:
        ArgumentError: there are no such `weights`, they can't be had, or
            they don't fit.
    """
    if path == "imagenet":
        stored, trained_with = _imagenet(model, name), {}
    else:
        stored, trained_with = _read(path)
    ours = trained_with or network.HEAD in stored or "normalization" in stored
    try:
        if name in catalog.IMAGENET and not ours:
            stored = _converted(stored, model, name)
            trained_with = _SCALES[catalog.MODELS[name].preprocessing]
        taken = _fitting(stored, model, name, path)
        if trained_with:
            model = type(model).from_config(model.get_config() | trained_with)
    except errors.ArgumentError:
        raise
    except Exception as error:  # A file may hold anything.
        raise _unreadable(path, error) from error
    for layer, arrays in taken.items():
        model.get_layer(layer).set_weights(arrays)
    # What starts anew isn't to be frozen.
    model.left_out = tuple(
        layer.name
        for layer in model.layers
        if layer.weights and layer.name not in taken
    )
    return model


def _refused(weights, reason):
    return errors.ArgumentError("weights", f"`weights`={weights}: {reason}")


def _imagenet(model, name):
    if model.input_shape[-1] != 3:
        raise _refused(
            "imagenet",
            "they are for pictures in colour, and these have "
            f"{model.input_shape[-1]} channels; give none, or pictures in "
            "colour",
        )
    wait = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SECONDS)
    try:
        trained = _application(model, name, "imagenet", _wants_top(model))
    except ValueError as error:
        message = " ".join(str(error).split())
        raise _refused("imagenet", message) from error
    except Exception as error:  # Keras raises no narrower one.
        reason = str(error).rpartition("-- ")[2]
        application = catalog.MODELS[name].application
        raise _refused(
            "imagenet",
            f"those of {name} can't be downloaded ({reason}); give a file "
            f"that keras.applications.{application} wrote",
        ) from error
    finally:
        socket.setdefaulttimeout(wait)
    return {layer.name: layer.get_weights() for layer in trained.layers}


def _wants_top(model):
    """Return whether a dense layer of the model has ImageNet's size."""
    dense = {x.name: x.kernel.shape for x in model.layers if x.name in _TOP}
    if "fc1" in dense:
        return dense["fc1"][0] == _FC1_INPUTS
    return network.HEAD in dense and dense[network.HEAD][-1] == 1000


def _application(model, name, weights, include_top):
    """Return the counterpart of the model in `keras.applications`."""
    options = {}
    if name.startswith("mobilenet"):
        options["alpha"] = model.get_config()["width"]
        # They were trained for each of these sizes.
        shapes = [(size, size, 3) for size in (224, 192, 160, 128)]
        fits = model.input_shape[1:] in shapes
        options["input_shape"] = model.input_shape[1:] if fits else shapes[0]
    application = getattr(keras.applications, catalog.MODELS[name].application)
    return application(weights=weights, include_top=include_top, **options)


def _read(path):
    """Return a file's arrays by layer, and the mean and std it knows of."""
    try:
        if not zipfile.is_zipfile(path):
            return hdf5.read(path), {}
        archives.check_zip(path)
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))["config"]
            with (
                archive.open("model.weights.h5") as data,
                h5py.File(data) as file,
            ):
                layers = hdf5.layers(file, path)
        return layers, {
            k: config[k] and np.asarray(config[k], "float64").tolist()
            for k in ("mean", "std")
            if k in config
        }
    except Exception as error:  # Zip, JSON and HDF5 raise at will.
        raise _unreadable(path, error) from error


def _unreadable(path, error):
    reason = str(error).partition("\n")[0]
    return _refused(
        path,
        f"doesn't hold weights that can be read ({reason}); give a .keras or "
        ".weights.h5 file",
    )


def _converted(stored, model, name):
    """Return arrays of keras.applications as our layers take them."""
    stored = {layer: arrays for layer, arrays in stored.items() if arrays}
    first, *trunk = (
        layer.name
        for layer in model.layers
        if layer.weights and layer.name not in _TOP
    )
    if not {first, *trunk} <= {*stored} and len(stored) > len(trunk):
        # The older files go by the order of layers, whose names have changed.
        order = [
            layer.name
            for layer in _application(model, name, None, False).layers
            if layer.weights
        ]
        order += list(stored)[len(order) :]
        stored = dict(zip(order, stored.values(), strict=True))
    if catalog.MODELS[name].preprocessing == "caffe" and first in stored:
        # They were trained on blue, green, red.
        kernel, *rest = stored[first]
        stored[first] = [kernel[:, :, ::-1], *rest]
    for head in _HEADS:
        if head in stored:
            kernel, bias = stored.pop(head)
            stored[network.HEAD] = [kernel.reshape(kernel.shape[-2:]), bias]
    return stored


def _fitting(stored, model, name, path):
    """Return the arrays that the model takes, by layer."""
    ours = {
        layer.name: [tuple(weight.shape) for weight in layer.weights]
        for layer in model.layers
        if layer.weights
    }
    theirs = {
        layer: [array.shape for array in arrays]
        for layer, arrays in stored.items()
        # What is dense belongs to the head that features lack.
        if arrays and (network.HEAD in ours or arrays[0].ndim != 2)
    }
    left = []
    for layer in [*ours, *(theirs.keys() - ours.keys())]:
        here, there = ours.get(layer, []), theirs.get(layer, [])
        if layer in _TOP and (here != there or left):
            # One dense layer means nothing without those before it.
            left.append(layer)
        elif here != there:
            raise _refused(
                path,
                f"doesn't hold the weights of {name} with these arguments: "
                f"{layer} is {_shapes(there)} there, {_shapes(here)} here; "
                "give a file of the same model",
            )
    taken = {layer: stored[layer] for layer in ours if layer not in left}
    for layer, arrays in taken.items():
        if not all(np.isfinite(array).all() for array in arrays):
            raise _refused(
                path,
                f"{layer} has weights there that are no numbers; give a file "
                "that isn't damaged",
            )
    return taken


def _shapes(shapes):
    return " and ".join(map(str, shapes)) or "absent"
