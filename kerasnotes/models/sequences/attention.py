"""A recurrent network that attends to the source before each step."""

import keras

from kerasnotes import layers as layers_lib
from kerasnotes import ops
from kerasnotes.models import network
from kerasnotes.models.sequences import recurrent, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class AttentionModel(sequence_to_sequence.SequenceToSequence):
    """A bidirectional encoder, and a decoder with Bahdanau's attention.

    The encoder gives annotations `a⟨t'⟩ = [a→⟨t'⟩, a←⟨t'⟩]`. Before each
    step, the decoder's first layer attends to them, by its state:

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
        dtype: the dtype policy of the layers; None for the global one.

    Call arguments:
        inputs: `{"source": int32 (batch, S), "target": int32 (batch, T)}`.

    Returns:
        Logits `(batch, T, target_size)`, float32.

    Raises:
        ValueError: `width` is odd, `cell` none of these, or the embedding
            shared by vocabularies of two sizes.

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
        dtype=None,
    ):
        config = {
            "source_size": source_size,
            "target_size": target_size,
            "width": width,
            "layers": layers,
            "cell": cell,
            "dropout": dropout,
            "share_embeddings": share_embeddings,
            "kernel_regularizer": kernel_regularizer,
        }
        recurrent.check(width, cell)
        sequence_to_sequence.check_vocabularies(
            source_size, target_size, share_embeddings
        )
        policy = network.policy(dtype)
        options = (cell, dropout, kernel_regularizer, policy)
        inputs = sequence_to_sequence.token_inputs()
        source, target = recurrent.embeddings(
            source_size, target_size, width, share_embeddings, policy
        )
        encoder = recurrent.Encoder(width, layers, *options, True)
        decoder = recurrent.Decoder(width, range(2, layers + 1), *options)
        cell = layers_lib.AttentionCell(
            recurrent.recurrent_cell(cell, width, kernel_regularizer, policy),
            width,
            kernel_regularizer,
            dtype=policy,
        )
        attentive = layers_lib.AttentionRNN(
            cell, return_sequences=True, dtype=policy, name="decoder_1"
        )
        mask = ops.padding_mask(inputs["source"])
        states, annotations = encoder(source(inputs["source"]), mask)
        y = recurrent.dropped(dropout, policy, "decoder_1")(
            target(inputs["target"])
        )
        x = attentive(y, annotations, mask, initial_state=states[0])
        x, context = keras.ops.split(x, 2, axis=-1)
        x = decoder(x, states[1:])
        x = keras.ops.concatenate([x, context, y], axis=-1)
        readout = network.dense(
            width, "readout", "glorot", kernel_regularizer, dtype=policy
        )
        x = recurrent.dropped(dropout, policy, network.HEAD)(
            _maxout(readout(x))
        )
        logits = network.logits(
            x, target_size, "glorot", kernel_regularizer, policy
        )
        super().__init__(inputs, logits, config, name, dtype)
        # The graph tracks the layers already.
        self._source, self._encoder, self._decoder = source, encoder, decoder

    def encode(self, source):
        """Return states, annotations, their keys and their mask."""
        mask = ops.padding_mask(source)
        states, annotations = self._encoder(self._source(source), mask)
        keys = self.get_layer("decoder_1").cell.attention.project(annotations)
        return {
            "states": states,
            "annotations": annotations,
            "keys": keys,
            "mask": mask,
        }

    def start(self, memory, width, steps):
        """Return the states of each layer of the decoder."""
        del steps
        return recurrent.repeat(memory["states"], width)

    def step(self, tokens, position, memory, cache):
        """Return the logits, and the states of each layer."""
        del position
        y = self.get_layer("target_embedding")(tokens)
        annotations = [memory[key] for key in ("annotations", "keys", "mask")]
        cell = self.get_layer("decoder_1").cell
        x, states = cell(y, [*cache[0], *annotations])
        first = states[: len(cache[0])]
        x, context = keras.ops.split(x, 2, axis=-1)
        x, others = self._decoder.step(x, cache[1:])
        x = keras.ops.concatenate([x, context, y], axis=-1)
        x = _maxout(self.get_layer("readout")(x))
        return self.get_layer(network.HEAD)(x), [first, *others]

    def attention(self, inputs):
        """Return α, `(batch, 1, T, S)`."""
        memory = self.encode(keras.ops.convert_to_tensor(inputs["source"]))
        annotations, mask = memory["annotations"], memory["mask"]
        states = memory["states"][0]
        layer = self.get_layer("decoder_1")
        y = self.get_layer("target_embedding")(inputs["target"])
        x = layer(y, annotations, mask, initial_state=states)
        x, _ = keras.ops.split(x, 2, axis=-1)
        before = keras.ops.concatenate([states[0][:, None], x[:, :-1]], 1)
        _, scores = layer.cell.attention.attend(
            before, memory["keys"], annotations, mask
        )
        return scores[:, None]


def _maxout(x):
    """Return the larger of each two units, `(…, n / 2)`."""
    return keras.ops.maximum(*keras.ops.split(x, 2, axis=-1))
