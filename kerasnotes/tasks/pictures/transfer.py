"""Transfer learning: a network trained elsewhere, of which a part is kept.

What is frozen works as it does when it serves: its weights stay bit for bit
as they are, its batch norm goes by the running averages, its dropout is off,
and penalties leave its weights out. Dropout next to the head belongs to the
head. Where nothing but the head learns and pictures aren't augmented, what
the frozen part makes of them is computed once and kept in the run's folder.

Source: Yosinski et al., How transferable are features in deep neural
networks? (2014), section 2.
"""

import dataclasses
import hashlib
import json

import keras
import numpy as np
import tensorflow as tf

import kerasnotes
from kerasnotes import errors, keras_private
from kerasnotes.data.pictures import features
from kerasnotes.models import network as network_lib
from kerasnotes.training.run import folder as run_folder

# Arguments that leave features as they are.
_OF_TRAINING = (
    "classes",
    "initializer",
    "input_dropout",
    "dropout",
    "kernel_regularizer",
)


def check(config):
    """Refuses a `--freeze` that can't be meant.

    Raises:
        UserError: it is neither none, all nor a number of blocks, or there
            are no weights worth keeping.
    """
    choice = config.freeze
    if choice == "none":
        return
    if choice not in ("all", "auto") and not (
        choice.isdecimal() and int(choice)
    ):
        raise errors.UserError(
            f"--freeze={choice}: give none, all, auto, or how many blocks from "
            "the input on, as --freeze=2"
        )
    if config.weights == "none":
        raise errors.UserError(
            f"--freeze={choice}: would keep the random weights of the start; "
            "give --weights=imagenet or a file, or leave it out"
        )


def print_weights(network, config):
    """Print which layers start from the weights of `--weights`.

    Args:
        network: what `models.build` made with these weights.
        config: the run's `Config`.
    """
    if config.weights == "none":
        return
    left, count = network.left_out, sum(bool(x.weights) for x in network.layers)
    but = f", all but {', '.join(left)}" if left else ""
    print(
        f"weights from {config.weights}: {count - len(left)} of {count} "
        f"layers{but}"
    )


def freeze(network, choice):
    """Freezes a part of a network, and returns the network.

    Args:
        network: the `Network`.
        choice: `"none"`, `"all"` but the head, or the number of blocks from
            the input on, as text.

    Raises:
        UserError: it has fewer blocks, or nothing before the head.

    >>> from kerasnotes import models
    >>> found = freeze(models.build("mlp", (8, 8, 1), hidden=(6, 5)), "1")
    >>> [v.path for v in found.trainable_variables if "kernel" in v.path]
    ['hidden_2/kernel', 'logits/kernel']
    """
    if choice == "none":
        return network
    blocks = network.blocks
    count = len(blocks) if choice == "all" else int(choice)
    if not 0 < count <= len(blocks):
        raise errors.UserError(
            f"--freeze={choice}: {network.name} has {len(blocks)} blocks "
            f"before its head{': ' * bool(blocks)}{', '.join(blocks)}"
        )
    if choice != "all":
        _freeze(network.get_layer(name).output for name in blocks[:count])
    if choice == "all" or features_of(network) is not None:
        _freeze([_before_head(network)])
    for name in getattr(network, "left_out", ()):
        if not network.get_layer(name).trainable:
            raise errors.UserError(
                f"--freeze={choice}: {name} starts anew, and would never "
                "learn; give fewer blocks, or all that have weights: "
                "--freeze=all"
            )
    return network


def _freeze(tensors):
    """Freezes every layer that the tensors come from."""
    visited, left = set(), [keras_private.node_of(tensor) for tensor in tensors]
    while left:
        node = left.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        left += [keras_private.node_of(tensor) for tensor in node.input_tensors]
        if isinstance(node.operation, keras.Layer):
            node.operation.trainable = False
        if isinstance(node.operation, keras.layers.Dropout):
            # Keras' goes on dropping in training where it is frozen.
            node.operation.rate = 0.0


def _heads(network):
    """Return the names of the layers that learn whatever is frozen."""
    return {network_lib.HEAD, *getattr(network, "left_out", ())}


def _before_head(network):
    """Return the tensor from which on all is the head's."""
    names, heads = [x.name for x in network.layers], _heads(network)
    before = network.get_layer(min(heads, key=names.index)).input
    node = keras_private.node_of(before)
    while len(node.input_tensors) == 1 and not _weights(node.operation):
        (tensor,) = node.input_tensors
        if isinstance(node.operation, keras.layers.Dropout):
            before = tensor
        node = keras_private.node_of(tensor)
    return before


def _weights(operation):
    return getattr(operation, "weights", [])


def features_of(network):
    """Return the head's input where nothing but the head learns, or None."""
    for layer in network.layers:
        if layer.trainable_weights and layer.name not in _heads(network):
            return None
    return _before_head(network)


def training_model(network, config):
    """Return what of a network is trained: itself, or its head alone.

    Side heads, where it has such, train with it. What is trained shares the
    network's layers, so that the network has what is learned.
    """
    tensor = features_of(network)
    if tensor is None:
        return getattr(network, "with_side_heads", lambda: network)()
    return _head(network, tensor) if _caches(network, config) else network


def _head(network, tensor):
    return keras.Model(tensor, network.output, name=network.name)


def _caches(network, config):
    return _has_frozen(network) and config.augment == "none"


def _has_frozen(network):
    return not all(layer.trainable for layer in network.layers)


def training_data(run, network, data):
    """Return the data as what `training_model` gives takes them.

    Features lie in files named after the pictures and the frozen network
    that they come from, so that a run that goes on, or starts anew with
    another learning rate, finds them again.

    Args:
        run: the `Run`.
        network: the network, frozen as `--freeze` says.
        data: the `Data` of pictures.

    Raises:
        UserError: the features can't be written.
    """
    config, tensor = run.config, features_of(network)
    if tensor is None or not _has_frozen(network):
        return data
    if not _caches(network, config):
        print(
            f"--augment={config.augment}: new pictures pass through the frozen "
            "layers in each epoch; with --augment=none each passes once, and "
            "later epochs train the head alone"
        )
        return data
    # The run's checkpoints hold the head alone.
    weights = _digest(network, tensor)
    facts = data.facts | {"frozen_weights": weights}
    splits = data.splits | _features(run, network, weights, tensor, data.splits)
    return dataclasses.replace(data, splits=splits, facts=facts)


def _features(run, network, weights, tensor, splits):
    """Return train and dev as features, cached in files."""
    config = run.config
    # Runs on parts of the training set share the dev set's.
    place = run_folder.RunFolder(config.run_dir, run.folder.task)
    folder = place.output("features", overwrite=False)
    paths = {
        name: folder / f"{name}-{_key(weights, network, splits[name])}.npy"
        for name in ("train", "dev")
    }
    if config.overwrite:
        for path in set(folder.glob("*.npy")) - set(paths.values()):
            path.unlink()
    print(
        f"--freeze={config.freeze}: what {network.name} makes of a picture "
        f"before the head is computed once, and kept in {folder}"
    )
    frozen = keras.Model(network.input, tensor)

    @tf.function(reduce_retracing=True)
    def function(pictures):
        return tf.cast(frozen(pictures, training=False), tf.float32)

    return {
        side: features.cached(
            splits[side], function, tensor.shape[1:], path, config.batch_size
        )
        for side, path in paths.items()
    }


def _key(weights, network, split):
    """Return a name of the features of a split."""
    arguments = network.get_config()
    made_of = [
        weights,
        {k: v for k, v in arguments.items() if k not in _OF_TRAINING},
        [kerasnotes.__version__, keras.__version__],
        features.digest(split),
    ]
    text = json.dumps(made_of, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _digest(network, tensor):
    """Return a hash of the weights that a tensor comes from."""
    digest = hashlib.sha256()
    for variable in keras.Model(network.input, tensor).weights:
        digest.update(np.asarray(variable).tobytes())
    return digest.hexdigest()
