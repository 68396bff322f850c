"""The layers of recurrent models from a sequence to another."""

import keras

from kerasnotes import errors
from kerasnotes import layers as layers_lib

CELLS = ("gru", "lstm")


def check(width, cell):
    """Refuses sizes and cells that there can't be.

    Raises:
        ValueError: `width` is odd or below 2, or `cell` none of `CELLS`.
    """
    if cell not in CELLS:
        raise errors.ArgumentError(
            "cell",
            f"`cell` must be one of {', '.join(CELLS)}. Received: "
            f"cell={cell!r}",
        )
    if width < 2 or width % 2:
        raise errors.ArgumentError(
            "width", f"`width` must be even. Received: width={width}"
        )


def recurrent_cell(cell, units, kernel_regularizer=None, dtype=None):
    """Return one of the notes' cells.

    Args:
        cell: `gru` or `lstm`.
        units: the size of a state.
        kernel_regularizer: a Keras regulariser of both kernels.
        dtype: the cell's dtype policy.
    """
    classes = {"gru": layers_lib.GRUCell, "lstm": layers_lib.LSTMCell}
    return classes[cell](
        units,
        kernel_regularizer=kernel_regularizer,
        recurrent_regularizer=kernel_regularizer,
        dtype=dtype,
    )


def recurrent_layer(cell, units, name, kernel_regularizer=None, dtype=None):
    """Return a recurrent layer that returns all outputs, and its states.

    An LSTM is Keras' own, which runs as one kernel of cuDNN on a GPU. A GRU
    is a loop around our cell: no backend has a fused kernel of the notes'
    equations, and around Keras' cell (`reset_after=False`) the loop takes
    1.4 times as long on a CPU.

    Args:
        cell: `gru` or `lstm`.
        units: the size of a state.
        name: the layer's name.
        kernel_regularizer: a Keras regulariser of both kernels.
        dtype: the layer's dtype policy.
    """
    options = {
        "return_sequences": True,
        "return_state": True,
        "dtype": dtype,
        "name": name,
    }
    if cell == "lstm":
        return keras.layers.LSTM(
            units,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=kernel_regularizer,
            **options,
        )
    return keras.layers.RNN(
        recurrent_cell(cell, units, kernel_regularizer, dtype), **options
    )


def dropped(rate, dtype, layer):
    """Return dropout before a layer, named for it.

    Args:
        rate: the share of units that training drops.
        dtype: the dtype policy.
        layer: the layer's name.
    """
    return keras.layers.Dropout(rate, dtype=dtype, name=f"{layer}_dropout")


class Encoder:
    """The encoder's recurrent layers, with dropout before each.

    Args:
        width: the size of a layer's output.
        layers: the number of layers.
        cell: `gru` or `lstm`.
        dropout: the share of units that training drops of what enters.
        kernel_regularizer: a Keras regulariser of the kernels.
        dtype: the layers' dtype policy.
        bidirectional: whether half of each layer's units read backwards.
    """

    def __init__(
        self,
        width,
        layers,
        cell,
        dropout,
        kernel_regularizer,
        dtype,
        bidirectional,
    ):
        self.bidirectional = bidirectional
        self.layers = []
        for i in range(1, layers + 1):
            name = f"encoder_{i}"
            options = (kernel_regularizer, dtype)
            if bidirectional:
                layer = recurrent_layer(
                    cell, width // 2, f"{name}_rnn", *options
                )
                layer = keras.layers.Bidirectional(
                    layer, dtype=dtype, name=name
                )
            else:
                layer = recurrent_layer(cell, width, name, *options)
            drop = dropped(dropout, dtype, name)
            self.layers.append((drop, layer))

    def __call__(self, x, mask):
        """Return the states that layers end in, and the last one's output.

        Args:
            x: embedded tokens, `(batch, S, width)`.
            mask: booleans `(batch, S)`, true where there are tokens.

        Returns:
            A list with a list of states `(batch, width)` for each layer, and
            a tensor `(batch, S, width)`.
        """
        # cuDNN wants a token of each sequence; all have their end mark.
        first = keras.ops.ones_like(mask[:, :1])
        mask = keras.ops.concatenate([first, mask[:, 1:]], axis=1)
        ends = []
        for drop, layer in self.layers:
            x, *states = layer(drop(x), mask=mask)
            if self.bidirectional:
                # Keras gives the states of one direction, then the other's.
                half = len(states) // 2
                pairs = zip(states[:half], states[half:], strict=True)
                states = [keras.ops.concatenate(pair, -1) for pair in pairs]
            ends.append(states)
        return ends, x


class Decoder:
    """The decoder's recurrent layers, with dropout before each.

    Args:
        width: the size of a layer's output.
        layers: the numbers of the layers, a range.
        cell: `gru` or `lstm`.
        dropout: the share of units that training drops of what enters.
        kernel_regularizer: a Keras regulariser of the kernels.
        dtype: the layers' dtype policy.
    """

    def __init__(self, width, layers, cell, dropout, kernel_regularizer, dtype):
        self.layers = []
        for i in layers:
            drop = dropped(dropout, dtype, f"decoder_{i}")
            layer = recurrent_layer(
                cell, width, f"decoder_{i}", kernel_regularizer, dtype
            )
            self.layers.append((drop, layer))

    def __call__(self, x, states):
        """Return the last layer's output, `(batch, T, width)`.

        Args:
            x: the first layer's input, `(batch, T, n)`.
            states: a list of the states that each layer starts from.
        """
        for (drop, layer), start in zip(self.layers, states, strict=True):
            x, *_ = layer(drop(x), initial_state=start)
        return x

    def step(self, x, states):
        """Return the output of one step, and the layers' new states.

        W is the number of hypotheses of each sequence.

        Args:
            x: the first layer's input, `(batch, W, n)`.
            states: for each layer, a list of its states before the step,
                each `(batch, W, width)`.

        Returns:
            The last layer's output, `(batch, W, width)`, and a list like
            `states` with the states after the step.
        """
        after = []
        for (_, layer), before in zip(self.layers, states, strict=True):
            x, new = _over_hypotheses(layer.cell, x, before)
            after.append(new)
        return x, after


def _over_hypotheses(cell, x, states):
    """Return what a cell gives for `(batch, W, …)`: Keras' take two axes."""
    batch, width, _ = keras.ops.shape(x)

    def rows(x):
        return keras.ops.reshape(x, (batch * width, x.shape[-1]))

    def hypotheses(x):
        return keras.ops.reshape(x, (batch, width, x.shape[-1]))

    outputs, states = cell(rows(x), [rows(state) for state in states])
    return hypotheses(outputs), [hypotheses(state) for state in states]


def embeddings(source_size, target_size, width, share, dtype):
    """Return the layers for the tokens of both sides: one, if shared."""
    target = keras.layers.Embedding(
        target_size, width, dtype=dtype, name="target_embedding"
    )
    if share:
        return target, target
    source = keras.layers.Embedding(
        source_size, width, dtype=dtype, name="source_embedding"
    )
    return source, target


def repeat(states, width):
    """Return a nest of states `(batch, n)` for W hypotheses each.

    Args:
        states: the nest.
        width: W, an integer or a scalar tensor.
    """

    def for_each(x):
        batch, size = keras.ops.shape(x)
        return keras.ops.broadcast_to(x[:, None], (batch, width, size))

    return keras.tree.map_structure(for_each, states)
