"""A recurrent network that looks at the source again before each step."""

import types

import keras

from kerasnotes import layers as layers_lib
from kerasnotes import ops
from kerasnotes.models import network
from kerasnotes.models.sequences import recurrent, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionModel(sequence_to_sequence.SequenceToSequence):
    """A bidirectional encoder, and a decoder with Bahdanau's attention.

    The encoder gives annotations `a⟨t'⟩ = [a→⟨t'⟩, a←⟨t'⟩]`. Before each
    step, the decoder's first layer looks where its state tells:

    - `e⟨t,t'⟩ = v · tanh(W s⟨t-1⟩ + U a⟨t'⟩ + b)`, `α⟨t⟩ = softmax(e⟨t⟩)`,
      `context⟨t⟩ = Σ_t' α⟨t,t'⟩ a⟨t'⟩`;
    - `s⟨t⟩ = cell([y⟨t-1⟩, context⟨t⟩], s⟨t-1⟩)`, with the embedding y of the
      last token;
    - `logits⟨t⟩ = W_o maxout(W_r [s⟨t⟩, context⟨t⟩, y⟨t-1⟩] + b_r) + b_o`,
      where maxout takes the larger of each two units: half of `width` are
      left, as in the paper, and the many logits cost half.

    Layers above the first are plain; the topmost state stands in the readout.
    Unlike the paper's, each direction of the encoder has half of `width`, and
    the decoder's layers start from the states in which the encoder's end, not
    from a dense layer of `a←⟨1⟩`. The keys `U a + b` are computed once.

    Args:
        source_size: the number of the source's tokens.
        target_size: the number of the target's tokens.
        width: the size of embeddings, states and annotations, and of the
            attention's hidden layer; even.
        layers: of the encoder, and of the decoder.
        cell: `gru` or `lstm`.
        dropout: the share of units that training drops, of what enters each
            layer, and never between a state and the next.
        share_embeddings: whether source and target have one vocabulary, and
            one embedding.
        kernel_regularizer: a Keras regulariser of the kernels.
        name: the model's name.

    Call arguments:
        inputs: `{"source": int32 (batch, S), "target": int32 (batch, T)}`.

    Returns:
        Logits `(batch, T, target_size)`, float32.

    Sources: Bahdanau et al., Neural machine translation by jointly learning
    to align and translate (2015), section 3 and appendix A; Goodfellow et
    al., Maxout networks (2013).

    >>> model = AttentionModel(source_size=9, target_size=7, width=4)
    >>> source = keras.ops.array([[5, 3, 2], [6, 2, 0]])
    >>> model.greedy(source, steps=8).tokens.shape
    TensorShape([2, 1, 8])
    """

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
            source(inputs["source"]), mask, layers, bidirectional=True
        )
        attentive = layers_lib.AttentionRNN(
            layers_lib.AttentionCell(
                pieces.new_cell(), width, kernel_regularizer
            ),
            name="decoder_1",
        )
        y = pieces.drop(target(inputs["target"]), "decoder_1_drop")
        x = attentive(y, annotations, mask, initial_state=states[0])
        x, context = keras.ops.split(x, 2, axis=-1)
        before = keras.ops.concatenate([states[0][0][:, None], x[:, :-1]], 1)
        _, weights = attentive.cell.attention(before, annotations, mask)
        x = pieces.decoder(x, states[1:], first=2)
        x = keras.ops.concatenate([x, context, y], axis=-1)
        readout = network.dense(width, "readout", "glorot", kernel_regularizer)
        x = pieces.drop(_maxout(readout(x)), "logits_drop")
        x = network.logits(x, target_size, "glorot", kernel_regularizer)
        super().__init__(inputs, x, arguments, name)
        encoded = {"states": states, "annotations": annotations, "mask": mask}
        # As attributes of their own, Keras would save the graphs twice.
        self._parts = types.SimpleNamespace(
            encode=keras.Model(inputs["source"], encoded),
            weights=keras.Model(inputs, weights[:, None]),
        )

    def encode(self, source):
        """Returns states, annotations, their keys and their mask."""
        memory = self._parts.encode(source)
        attention = self.get_layer("decoder_1").cell.attention
        return {**memory, "keys": attention.keys(memory["annotations"])}

    def start(self, memory, width, steps):
        """Returns the states of each layer of the decoder."""
        del steps
        return recurrent.repeat(memory["states"], width)

    def step(self, tokens, position, memory, cache):
        """Returns the logits, and the states of each layer."""
        del position
        y = self.get_layer("target_embedding")(tokens)
        seen = [memory[key] for key in ("annotations", "keys", "mask")]
        x, states = self.get_layer("decoder_1").cell(y, [*cache[0], *seen])
        x, context = keras.ops.split(x, 2, axis=-1)
        new = [states[: len(cache[0])]]
        for i, states in enumerate(cache[1:], 2):
            x, states = self.get_layer(f"decoder_{i}").cell(x, states)
            new.append(states)
        x = keras.ops.concatenate([x, context, y], axis=-1)
        x = _maxout(self.get_layer("readout")(x))
        return self.get_layer(network.HEAD)(x), new

    def attention(self, inputs):
        """Returns α, `(batch, 1, T, S)`."""
        return self._parts.weights(inputs)


def _maxout(x):
    """Returns the larger of each two units, `(…, n / 2)`."""
    return keras.ops.maximum(*keras.ops.split(x, 2, axis=-1))
