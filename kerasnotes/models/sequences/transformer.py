"""The Transformer."""

import keras

from kerasnotes import layers as layers_lib
from kerasnotes import ops
from kerasnotes.models import network
from kerasnotes.models.sequences import beam_cache, sequence_to_sequence


@keras.saving.register_keras_serializable("kerasnotes")
class Transformer(sequence_to_sequence.SequenceToSequence):
    """An encoder and a decoder of attention alone.

    Tokens become `√width · E[token] + PE(position)`. Blocks of the encoder
    attend to all of the source; those of the decoder to the target so far,
    and to the encoder's output. The logits are `D Eᵀ`, with the target's E
    and the decoder's output D.

    Args:
        source_size: how many tokens there are in the source's vocabulary.
        target_size: likewise of the target's.
        width: of a token's vector.
        layers: blocks of the encoder, and of the decoder.
        num_heads: of each attention; they must divide the width.
        intermediate_dim: width of each block's hidden layer; by default
            `4·width`.
        dropout: the share that training drops of each sublayer's output, and
            of the first sums.
        normalize_first: whether blocks normalise before each sublayer, which
            trains without care, or after the sum, the paper's way.
        share_embeddings: whether source and target have one vocabulary and
            one E.
        kernel_regularizer: a Keras regulariser of the kernels.
        name: the model's name.
        dtype: the dtype policy of the layers; None for the global one.

    Call arguments:
        inputs: a dictionary of int32 `source` `(batch, S)` and `target`
            `(batch, T)`.

    Returns:
        Logits, float32 `(batch, T, target_size)`.

    Raises:
        ValueError: embeddings are shared by vocabularies of two sizes, the
            heads don't divide the width, or an argument is out of its range.

    Source: Vaswani et al., Attention is all you need (2017).

    >>> model = Transformer(9, 7, width=8, layers=1, num_heads=2)
    >>> x = keras.ops.ones((2, 5), "int32")
    >>> model({"source": x, "target": x}).shape
    TensorShape([2, 5, 7])
    """

    def __init__(
        self,
        source_size,
        target_size,
        width=256,
        layers=3,
        num_heads=4,
        intermediate_dim=None,
        dropout=0.1,
        normalize_first=True,
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
            "num_heads": num_heads,
            "intermediate_dim": intermediate_dim,
            "dropout": dropout,
            "normalize_first": normalize_first,
            "share_embeddings": share_embeddings,
            "kernel_regularizer": kernel_regularizer,
        }
        sequence_to_sequence.check_vocabularies(
            source_size, target_size, share_embeddings
        )
        policy = network.policy(dtype)
        options = {
            "intermediate_dim": intermediate_dim or 4 * width,
            "num_heads": num_heads,
            "dropout": dropout,
            "normalize_first": normalize_first,
            "kernel_regularizer": kernel_regularizer,
            "dtype": policy,
        }
        sizes = {"source": source_size, "target": target_size}
        tables = {
            side: _embedding(f"{side}_embedding", size, width, policy)
            for side, size in sizes.items()
        }
        if share_embeddings:
            tables["source"] = tables["target"]
        source, target = (
            _Embedded(side, tables[side], dropout, policy) for side in sizes
        )
        encoder = _Encoder(layers, options)
        decoder = _Decoder(layers, options)
        inputs = sequence_to_sequence.token_inputs()
        mask = ops.padding_mask(inputs["source"])
        x = encoder(source(inputs["source"]), mask)
        y = decoder(target(inputs["target"]), x, mask)
        logits = tables["target"](y, reverse=True)
        super().__init__(inputs, logits, config, name, dtype)
        # The graph tracks the layers already.
        self._source, self._target = source, target
        self._encoder, self._decoder = encoder, decoder

    def encode(self, source):
        """Return each decoder block's keys and values, and the mask."""
        mask = ops.padding_mask(source)
        x = self._encoder(self._source(source), mask)
        blocks = self._decoder.blocks
        return {
            "keys_and_values": [b.cross_attention.project(x) for b in blocks],
            "mask": mask,
        }

    def start(self, memory, width, steps):
        """Return what `beam_cache.start` does, for each decoder block."""
        return beam_cache.start(memory["keys_and_values"], width, steps)

    def step(self, tokens, position, memory, cache):
        """Return the logits, and the cache with these tokens in it."""
        slot, visible, cache = beam_cache.advance(cache, position)
        x, recent = self._decoder.step(
            self._target.step(tokens, position), slot, visible, memory, cache
        )
        logits = self._target.embedding(x, reverse=True)
        return logits, {**cache, "recent": recent}

    def reorder(self, cache, parents):
        """Return the cache with other paths: no keys or values move."""
        path = super().reorder(cache["path"], parents)
        return {**cache, "path": path}

    def attention(self, inputs):
        """Return the scores of the last block's attention to the source."""
        source = keras.ops.convert_to_tensor(inputs["source"])
        mask = ops.padding_mask(source)
        x = self._encoder(self._source(source), mask)
        return self._decoder.scores(self._target(inputs["target"]), x, mask)


def _embedding(name, size, width, policy):
    """Return a layer from tokens to vectors, and in reverse to scores."""
    half = policy.compute_dtype != policy.variable_dtype
    return keras.layers.ReversibleEmbedding(
        size,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(
            stddev=width**-0.5
        ),
        reverse_dtype=policy.variable_dtype if half else None,
        dtype=policy,
        name=name,
    )


class _Embedded:
    """Turns one side's tokens into scaled vectors with their positions."""

    def __init__(self, side, embedding, dropout, dtype):
        self.embedding = embedding
        self.scale = keras.layers.Rescaling(
            embedding.output_dim**0.5, dtype=dtype, name=f"{side}_scale"
        )
        self.positions = layers_lib.SinusoidalPositions(
            dtype=dtype, name=f"{side}_positions"
        )
        self.dropout = keras.layers.Dropout(
            dropout, dtype=dtype, name=f"{side}_dropout"
        )

    def __call__(self, tokens):
        x = self.scale(self.embedding(tokens))
        return self.dropout(self.positions(x))

    def step(self, tokens, position):
        """Return vectors `(batch, W, width)` of tokens of one position."""
        x = self.scale(self.embedding(tokens))
        return self.positions(x[:, :, None], start_index=position)[:, :, 0]


def _last_norm(name, options):
    """Return the layer after the blocks, if they leave its work to it."""
    if not options["normalize_first"]:
        return keras.layers.Identity(dtype=options["dtype"], name=name)
    return keras.layers.LayerNormalization(
        epsilon=1e-5, dtype=options["dtype"], name=name
    )


class _Encoder:
    """The encoder's blocks."""

    def __init__(self, layers, options):
        self.blocks = [
            layers_lib.TransformerEncoderBlock(**options, name=f"encoder_{i}")
            for i in range(1, layers + 1)
        ]
        self.norm = _last_norm("encoder_norm", options)

    def __call__(self, x, mask):
        for block in self.blocks:
            x = block(x, attention_mask=mask)
        return self.norm(x)


class _Decoder:
    """The decoder's blocks."""

    def __init__(self, layers, options):
        self.blocks = [
            layers_lib.TransformerDecoderBlock(**options, name=f"decoder_{i}")
            for i in range(1, layers + 1)
        ]
        self.norm = _last_norm("decoder_norm", options)

    def __call__(self, y, x, mask):
        for block in self.blocks:
            y = block(y, x, cross_attention_mask=mask)
        return self.norm(y)

    def scores(self, y, x, mask):
        """Return the last block's scores of the source."""
        *blocks, last = self.blocks
        for block in blocks:
            y = block(y, x, cross_attention_mask=mask)
        _, scores = last(
            y, x, cross_attention_mask=mask, return_attention_scores=True
        )
        return scores

    def step(self, y, slot, visible, memory, cache):
        """Return one position's output, and the cache's new `recent`."""
        recent = []
        for block, past, new, source in zip(
            self.blocks,
            cache["past"],
            cache["recent"],
            memory["keys_and_values"],
            strict=True,
        ):
            y, new = block.step(
                y, past, new, slot, visible, source, memory["mask"]
            )
            recent.append(new)
        return self.norm(y), recent
