"""Artificial sound: clips over noise, at a stated signal-to-noise ratio.

Sounds are `[n]` or `[n, channels]`, float32 from -1 to 1 or int16, and come
back as they came; those of one call have one sampling rate. All is a function
of a seed of two integers, so that `tf.data.Dataset.map` makes the same of a
seed and an index on any number of threads.

The ratio is that of the clip's *active* level, its pauses left out, to the
noise's: else a word between long silences would be louder at 10 dB than the
bare word. A frame of `FRAME` samples is active if its power is at least
`ACTIVE`, -40 dB, of the loudest frame's.

Source: A. Ng, Machine Learning Yearning, chapter 42; active level: after the
idea of ITU-T P.56, without its hangover time.
"""

import tensorflow as tf

FRAME = 256
ACTIVE = 1e-4
_FULL = 32768.0


def mix(clip, noise, snr_db, seed, loop=True):
    """Lays a clip over a random piece of noise.

    The mixture is `g (clip + k · noise)`, with k such that
    `10 log₁₀(P_clip / P_noise) = snr_db`: P_clip is the clip's mean square
    where it is active, P_noise that of the scaled noise under the whole
    clip. The gain g is 1, or what keeps the peak from clipping: it leaves
    the ratio as it is. A piece of noise that is silent stays silent.

    One noise under all clips sounds right to people and is learned by heart:
    draw it from recordings that are as many hours, and as varied, as the
    clips.

    Args:
        clip: `[n]` or `[n, channels]`.
        noise: of the clip's type, with as many channels or one.
        snr_db: the ratio wanted, in decibels.
        seed: two integers, which set where in the noise the piece begins.
        loop: whether noise shorter than the clip goes on from its beginning;
            otherwise it is refused.

    Returns:
        The mixture, of the clip's shape and type, and g.

    Raises:
        ValueError: types or channels don't fit.
        tf.errors.InvalidArgumentError: the clip is silent, or the noise is
            empty, or too short and `loop` isn't set.

    >>> clip, noise = tf.ones([4]) / 2, tf.ones([9]) / 100
    >>> mixture, gain = mix(clip, noise, 20.0, seed=[0, 0])
    >>> (100 * mixture).numpy().round().tolist(), float(gain)
    ([55.0, 55.0, 55.0, 55.0], 1.0)
    """
    like, noise = tf.convert_to_tensor(clip), tf.convert_to_tensor(noise)
    clip, noise = _to_float(like), _to_float(noise, like, alone=True)
    count, held = tf.shape(clip)[0], tf.shape(noise)[0]
    tf.debugging.assert_greater_equal(
        held, 1 if loop else count, "`noise` is empty, or too short to fit"
    )
    # Noise that loops may begin anywhere, other noise ends in time.
    starts = tf.where(held < count, held, held - count + 1)
    first = tf.random.stateless_uniform([], seed, 0, starts, tf.int32)
    piece = tf.gather(noise, (first + tf.range(count)) % held)
    power = active_power(clip[None], count[None])[0]
    tf.debugging.assert_positive(power, "`clip` is silent")
    wanted = power / _from_db(snr_db)
    factor = tf.math.divide_no_nan(wanted, tf.reduce_mean(piece**2))
    return _finish(clip + tf.sqrt(factor) * piece, like)


def insert(background, clips, seed, snr_db=None):
    """Lays clips at random places over a longer sound, none over another.

    Order and places are uniform. With a ratio, each clip is scaled
    to it against the background under it, measured as in `mix`; the
    background stays, but for a common gain that prevents clipping.

    Args:
        background: `[n]` or `[n, channels]`.
        clips: sounds of the background's type and channels, in a list or a
            `tf.RaggedTensor` `[k, None]` or `[k, None, channels]`.
        seed: two integers, which set the places.
        snr_db: one ratio in decibels, or `[k]` of them; None leaves the
            clips as loud as they are, and so does silence under one.

    Returns:
        The mixture, of the background's shape and type; int32 `[k, 2]`,
        where each clip starts and the first sample after it; and the gain.

    Raises:
        ValueError: types or channels don't fit.
        tf.errors.InvalidArgumentError: the clips are longer than the
            background, or, with a ratio, one is silent.

    >>> word = tf.fill([3], 0.5)
    >>> mixture, places, _ = insert(tf.zeros([8]), [word, word], seed=[0, 1])
    >>> [mixture[a:b].numpy().tolist() for a, b in places.numpy()]
    [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]
    >>> float(tf.reduce_sum(mixture))
    3.0
    """
    like = tf.convert_to_tensor(background)
    if not isinstance(clips, tf.RaggedTensor):
        sizes = [tf.shape(clip)[0] for clip in clips]
        clips = tf.RaggedTensor.from_row_lengths(tf.concat(clips, 0), sizes)
    background, loud = _to_float(like), _to_float(clips.flat_values, like)
    clips = clips.with_flat_values(loud)
    lengths = tf.cast(clips.row_lengths(), tf.int32)
    rows = tf.cast(clips.value_rowids(), tf.int32)
    starts = _starts(tf.shape(background)[0], lengths, seed)
    shift = starts - tf.cumsum(lengths, exclusive=True)
    at = tf.range(tf.size(rows)) + tf.gather(shift, rows)
    if snr_db is not None:
        under = tf.reduce_mean(tf.gather(background, at) ** 2, -1)
        under = tf.math.segment_mean(under, rows)
        power = active_power(clips.to_tensor(), lengths)
        tf.debugging.assert_positive(power, "one of `clips` is silent")
        factor = tf.sqrt(under * _from_db(snr_db) / power)
        factor = tf.where(under > 0, factor, 1.0)
        loud *= tf.gather(factor, rows)[:, None]
    mixture = tf.tensor_scatter_nd_add(background, at[:, None], loud)
    mixture, gain = _finish(mixture, like)
    return mixture, tf.stack([starts, starts + lengths], 1), gain


def active_power(clips, lengths):
    """Compute the mean square of clips over their active frames.

    Args:
        clips: float32 `[k, n, channels]`, zeros after their ends.
        lengths: int32 `[k]`, where each ends.

    Returns:
        float32 `[k]`.

    >>> word = tf.concat([tf.ones([FRAME]), tf.zeros([3 * FRAME])], 0)
    >>> active_power(word[None, :, None], [4 * FRAME]).numpy().tolist()
    [1.0]
    """
    squares = tf.reduce_mean(clips**2, -1)
    count, size = tf.unstack(tf.shape(squares))
    frames = -(-size // FRAME)
    squares = tf.pad(squares, [[0, 0], [0, frames * FRAME - size]])
    energy = tf.reduce_sum(tf.reshape(squares, [count, frames, FRAME]), -1)
    held = tf.reshape(lengths, [-1, 1]) - FRAME * tf.range(frames)
    held = tf.cast(tf.clip_by_value(held, 0, FRAME), tf.float32)
    power = tf.math.divide_no_nan(energy, held)
    loudest = tf.reduce_max(power, -1, keepdims=True)
    active = tf.cast(power >= ACTIVE * loudest, tf.float32)
    return tf.math.divide_no_nan(
        tf.reduce_sum(active * energy, -1), tf.reduce_sum(active * held, -1)
    )


def _to_float(sound, like=None, alone=False):
    """Return a checked sound as float32, with an axis of channels."""
    like = sound if like is None else like
    if like.dtype not in (tf.float32, tf.int16) or sound.dtype != like.dtype:
        raise ValueError(
            "Sounds that mix are all float32 or all int16. Received: "
            f"{like.dtype.name} and {sound.dtype.name}"
        )
    shape, wanted = (x.shape[1:].as_list() or [1] for x in (sound, like))
    if len(wanted) > 1 or (shape != wanted and not (alone and shape == [1])):
        raise ValueError(
            "Sounds that mix are of shape [n] or [n, channels], with as many "
            f"channels. Received: {like.shape} and {sound.shape}"
        )
    scale = _FULL if sound.dtype == tf.int16 else 1.0
    return tf.reshape(tf.cast(sound, tf.float32) / scale, [-1, *shape])


def _starts(room, lengths, seed):
    """Draws where each clip starts: uniform draws, the clips let in."""
    free = room - tf.reduce_sum(lengths)
    tf.debugging.assert_non_negative(
        free, "`clips` are longer than `background`"
    )
    seeds = tf.unstack(tf.random.split(seed, 2))
    count = tf.size(lengths)
    order = tf.random.experimental.stateless_shuffle(
        tf.range(count), seed=seeds[0]
    )
    # The silence before each clip, in the order in which they sound.
    silent = tf.random.stateless_uniform(
        [count], seeds[1], 0, free + 1, tf.int32
    )
    ordered = tf.gather(lengths, order)
    starts = tf.sort(silent) + tf.cumsum(ordered, exclusive=True)
    return tf.gather(starts, tf.argsort(order))


def _from_db(snr_db):
    return 10.0 ** (tf.cast(snr_db, tf.float32) / 10.0)


def _finish(mixture, like):
    """Return the mixture without clipping, as `like`, and its gain."""
    integer = like.dtype == tf.int16
    top = (_FULL - 1) / _FULL if integer else 1.0
    gain = tf.minimum(1.0, top / tf.reduce_max(tf.abs(mixture)))
    mixture = tf.reshape(gain * mixture, tf.shape(like))
    if integer:
        mixture = tf.cast(tf.round(mixture * _FULL), tf.int16)
    return tf.ensure_shape(mixture, like.shape), gain
