"""A recurrent network that looks back at the source before each step."""

import types

import keras

from kerasnotes import layers as layers_lib
from kerasnotes import ops
from kerasnotes.models import network, recurrent, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionModel(sequence_to_sequence.SequenceToSequence):
    def __init__(
        self,
        source_size,
        target_size,
        width=256,
        layers=1,
        cell="gru",
        dropout=0.0,
        share_embeddings=False,
        kernel_regularizer=None,
        name=None,
    ):
        arguments = network.arguments(locals())
        pieces = recurrent.Pieces(width, cell, dropout, kernel_regularizer)
        inputs = recurrent.inputs()
        source, target = pieces.embeddings(
            source_size, target_size, share_embeddings
        )
        mask = ops.padding_mask(inputs["source"])
        states, annotations = pieces.encoder(
            source(inputs["source"]), mask, layers, True
        )
        attend = layers_lib.AttentionRNN(
            layers_lib.AttentionCell(
                pieces.new_cell(), width, kernel_regularizer
            ),
            name="decoder_1",
        )
        embedded = pieces.drop(target(inputs["target"]), "target_drop")
        x = attend(embedded, annotations, mask, initial_state=states[0])
        x, context = keras.ops.split(x, 2, axis=-1)
        queries = keras.ops.concatenate([states[0][0][:, None], x[:, :-1]], 1)
        _, weights = attend.cell.attention(queries, annotations, mask)
        for i, state in enumerate(states[1:], start=2):
            x = pieces.drop(x, f"decoder_{i}_drop")
            x, *_ = pieces.rnn(f"decoder_{i}")(x, initial_state=state)
        x = keras.ops.concatenate([x, context, embedded], axis=-1)
        readout = network.dense(width, "readout", "glorot", kernel_regularizer)
        x = pieces.drop(_maxout(readout(x)), "logits_drop")
        x = network.logits(x, target_size, "glorot", kernel_regularizer)
        super().__init__(inputs, x, arguments, name)
        # Keras would track a model that is an attribute itself.
        self._parts = types.SimpleNamespace(
            embed=target,
            encode=keras.Model(
                inputs["source"],
                {"states": states, "annotations": annotations, "mask": mask},
            ),
            weights=keras.Model(inputs, weights[:, None]),
        )

    def encode(self, source):
        """Returns the annotations, their keys and mask, and states."""
        memory = self._parts.encode(source)
        attention = self.get_layer("decoder_1").cell.attention
        return {**memory, "keys": attention.keys(memory["annotations"])}

    def start(self, memory, width, steps):
        """Returns the states of each layer of the decoder."""
        del steps
        return keras.tree.map_structure(
            lambda x: recurrent.repeat(x, width), memory["states"]
        )

    def step(self, tokens, position, memory, cache):
        """Returns the logits, and the states of each layer."""
        del position
        embedded = self._parts.embed(tokens)
        read = [memory[key] for key in ("annotations", "keys", "mask")]
        cells = [
            self.get_layer(f"decoder_{i + 1}").cell for i in range(len(cache))
        ]
        x, states = cells[0](embedded, [*cache[0], *read])
        new = [states[: -len(read)]]
        x, context = keras.ops.split(x, 2, axis=-1)
        for cell, states in zip(cells[1:], cache[1:], strict=True):
            x, states = cell(x, states)
            new.append(states)
        x = keras.ops.concatenate([x, context, embedded], axis=-1)
        x = _maxout(self.get_layer("readout")(x))
        return self.get_layer(network.HEAD)(x), new

    def attention(self, inputs):
        """Returns α of each step, `(batch, 1, T, S)`."""
        return self._parts.weights(inputs)


def _maxout(x):
    """Returns the larger of each two units, `(…, width / 2)`."""
    return keras.ops.maximum(*keras.ops.split(x, 2, axis=-1))
