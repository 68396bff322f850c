"""Clips over noise, with ratios measured by NumPy."""

import io
import wave
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from kerasnotes.data.sounds import mixing
from tests.support.paths import SHARED

RNG = np.random.default_rng(0)


def tone(count, *channels, loud=0.1):
    return RNG.normal(0, loud, (count, *channels)).astype(np.float32)


def db(signal, noise):
    powers = [np.mean(np.square(x, dtype=np.float64)) for x in (signal, noise)]
    return 10 * np.log10(powers[0] / powers[1])


def to_int16(sound):
    return np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.5, 30.0])
@pytest.mark.parametrize(
    ("shape", "noise_shape"), [((), ()), ((2,), (2,)), ((2,), ()), ((1,), ())]
)
def test_the_ratio_is_the_one_asked_for(snr_db, shape, noise_shape):
    clip, noise = tone(3000, *shape), tone(8000, *noise_shape, loud=0.4)
    mixture, gain = mixing.mix(clip, noise, snr_db, [1, 2])
    mixture = mixture.numpy()
    assert mixture.shape == clip.shape and np.abs(mixture).max() <= 1
    left = mixture / gain.numpy() - clip
    assert db(clip, left) == pytest.approx(snr_db, abs=0.01)
    peak = np.abs(clip + left).max()
    assert float(gain) == pytest.approx(min(1, 1 / peak), abs=1e-5)


def test_the_ratio_of_integers():
    clip, noise = to_int16(tone(3000)), to_int16(tone(8000))
    mixture, gain = mixing.mix(clip, noise, 10.0, [1, 2])
    assert mixture.dtype == tf.int16 and gain == 1
    left = mixture.numpy().astype(int) - clip
    assert db(clip, left) == pytest.approx(10, abs=0.01)
    as_floats, _ = mixing.mix(
        clip / np.float32(32768), noise / np.float32(32768), 10.0, [1, 2]
    )
    np.testing.assert_allclose(mixture.numpy() / 32768, as_floats, atol=2e-5)


def test_pauses_do_not_count():
    word = tone(10 * mixing.FRAME)
    pause = np.zeros(30 * mixing.FRAME + 7, np.float32)
    clip = np.concatenate([pause, word, pause])
    noise = tone(20000)
    # The word begins within a frame, of which 7 samples are pause.
    mixture, _ = mixing.mix(clip, noise, 10.0, [0, 0])
    left = mixture.numpy() - clip
    assert db(word, left) == pytest.approx(10, abs=0.5)
    start = len(pause) // mixing.FRAME * mixing.FRAME
    active = clip[start : start + 11 * mixing.FRAME]
    assert db(active, left) == pytest.approx(10, abs=0.01)


def test_loud_mixtures_do_not_clip():
    clip = np.sign(tone(1000)).astype(np.float32)
    mixture, gain = mixing.mix(clip, tone(1000), 0.0, [0, 0])
    assert np.abs(mixture).max() == pytest.approx(1) and gain < 0.6
    assert db(clip, mixture / gain - clip) == pytest.approx(0, abs=0.01)
    mixture, gain = mixing.mix(
        to_int16(clip), to_int16(tone(1000)), 0.0, [0, 0]
    )
    assert np.abs(mixture.numpy().astype(int)).max() == 32767


def test_the_piece_of_noise_is_random_and_whole():
    noise = np.arange(1, 101, dtype=np.float32) / 1000
    clip = np.full(90, 0.1, np.float32)
    firsts = set()
    for index in range(200):
        mixture, gain = mixing.mix(clip, noise, 20.0, [3, index])
        piece = mixture / gain - clip
        first = round(float(1 / (piece[1] / piece[0] - 1))) - 1
        expected = noise[first : first + 90].copy()
        expected *= 0.01 / np.sqrt(np.mean(expected**2))
        np.testing.assert_allclose(piece, expected, atol=1e-6)
        firsts.add(first)
    assert firsts == set(range(11))


def test_short_noise_loops_or_is_refused():
    clip, noise = np.full(10, 0.5, np.float32), tone(4)
    mixture, _ = mixing.mix(clip, noise, 20.0, [0, 0])
    piece = (mixture - clip).numpy()
    np.testing.assert_allclose(piece[:6], piece[4:], atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="too short"):
        mixing.mix(clip, noise, 20.0, [0, 0], loop=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="empty"):
        mixing.mix(clip, noise[:0], 20.0, [0, 0])


def test_silence():
    clip, silence = tone(100), np.zeros(100, np.float32)
    mixture, gain = mixing.mix(clip, silence, 20.0, [0, 0])
    np.testing.assert_array_equal(mixture, clip)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is silent"):
        mixing.mix(silence, clip, 20.0, [0, 0])


@pytest.mark.parametrize(
    ("clip", "noise", "message"),
    [
        (np.ones(9), np.ones(9), "Received: float64 and float64"),
        (np.ones(9, "f"), np.ones(9, "i2"), "Received: float32 and int16"),
        (np.ones(9, "f"), np.ones([9, 2], "f"), r"Received: \(9,\) and"),
        (np.ones([9, 3], "f"), np.ones([9, 2], "f"), r"Received: \(9, 3\)"),
        (np.ones([9, 3, 1], "f"), np.ones(9, "f"), r"\(9, 3, 1\) and"),
    ],
)
def test_sounds_refused(clip, noise, message):
    with pytest.raises(ValueError, match=message):
        mixing.mix(clip, noise, 0.0, [0, 0])
    if noise.ndim > 1:
        with pytest.raises(ValueError, match="Received"):
            mixing.insert(noise, [clip], [0, 0])


@pytest.mark.parametrize("channels", [(), (2,)])
def test_clips_go_in_where_it_says(channels):
    background = tone(4000, *channels)
    clips = [tone(n, *channels) for n in (900, 1, 1500, 600)]
    orders = set()
    for index in range(30):
        mixture, places, gain = mixing.insert(background, clips, [0, index])
        assert gain == 1
        expected = background.copy()
        for clip, (start, end) in zip(clips, places.numpy(), strict=True):
            assert end - start == len(clip)
            expected[start:end] += clip
        np.testing.assert_allclose(mixture, expected, atol=1e-6)
        edges = places.numpy()[np.argsort(places[:, 0])].ravel()
        assert (np.diff(edges) >= 0).all()
        assert edges[0] >= 0 and edges[-1] <= 4000
        orders.add(tuple(np.argsort(places[:, 0])))
    assert len(orders) > 12


def test_clips_that_just_fit_and_that_do_not():
    clips = [tone(30), tone(20)]
    for index in range(20):
        _, places, _ = mixing.insert(tone(51), clips, [0, index])
        assert places.numpy().max() in (50, 51)
    with pytest.raises(tf.errors.InvalidArgumentError, match="longer than"):
        mixing.insert(tone(49), clips, [0, 0])


def test_places_are_uniform():
    starts = [
        int(mixing.insert(np.zeros(8, "f"), [tone(4)], [5, i])[1][0, 0])
        for i in range(500)
    ]
    counts = np.bincount(starts, minlength=5)
    assert len(counts) == 5 and np.abs(counts - 100).max() < 40


def test_clips_at_ratios():
    background = tone(9000)
    clips = [tone(n, loud=loud) for n, loud in ((700, 0.01), (1100, 0.3))]
    ratios = [3.0, -4.0]
    mixture, places, gain = mixing.insert(background, clips, [0, 4], ratios)
    left = mixture / gain - background
    for (start, end), ratio in zip(places.numpy(), ratios, strict=True):
        under = background[start:end]
        assert db(left[start:end], under) == pytest.approx(ratio, abs=0.01)


def test_loud_insertions_do_not_clip():
    loud = np.full(50, 0.9, np.float32)
    mixture, places, gain = mixing.insert(loud, [loud[:10]], [0, 0])
    start, end = places[0]
    expected = np.full(50, 0.5)
    expected[start:end] = 1
    np.testing.assert_allclose(mixture, expected, atol=1e-6)
    assert float(gain) == pytest.approx(1 / 1.8)


def test_no_clips_and_silent_backgrounds():
    background = tone(100)
    none = tf.RaggedTensor.from_row_lengths(
        tf.zeros([0]), tf.zeros([0], "int64")
    )
    mixture, places, _ = mixing.insert(background, none, [0, 0], 10.0)
    np.testing.assert_array_equal(mixture, background)
    assert places.shape == (0, 2)
    clip = tone(10)
    mixture, places, _ = mixing.insert(np.zeros(50, "f"), [clip], [0, 0], 9.0)
    np.testing.assert_array_equal(mixture[slice(*places[0])], clip)


def test_in_a_data_set_threads_change_nothing():
    noise = tone(5000)
    clips = tf.ragged.stack([tone(n) for n in (300, 500, 400)])

    def synthesise(index, clip):
        mixture, _ = mixing.mix(clip, noise, 10.0, tf.stack([7, index]))
        whole, places, _ = mixing.insert(
            noise, tf.ragged.stack([clip, mixture]), tf.stack([8, index]), 5.0
        )
        return mixture, whole, places

    data = tf.data.Dataset.from_tensor_slices(clips).enumerate()
    once, again = (
        list(data.map(synthesise, num_parallel_calls=n)) for n in (1, 3)
    )
    for one, other in zip(once, again, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(once[0][2], once[1][2])


def read_wav(file):
    with wave.open(file) as sound:
        data = sound.readframes(sound.getnframes())
        return np.frombuffer(data, "<i2"), sound.getframerate()


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_real_clips_over_real_noise():
    with zipfile.ZipFile(SHARED / "fsdd" / "recordings_test_half.zip") as fsdd:
        names = [n for n in fsdd.namelist() if n.endswith(".wav")][::30]
        clips = [read_wav(io.BytesIO(fsdd.read(name)))[0] for name in names]
    noise, rate = read_wav(
        str(SHARED / "background_noise" / "doing_the_dishes.wav")
    )
    noise = noise[: 10 * rate][::2]  # To the clips' 8 kHz, roughly.
    for index, clip in enumerate(clips):
        mixture, gain = mixing.mix(clip, noise, 5.0, [0, index])
        left = mixture.numpy() / gain.numpy() - clip
        frames = [clip[i : i + 256] for i in range(0, len(clip), 256)]
        powers = [np.mean(np.square(f, dtype=float)) for f in frames]
        active = [
            frame
            for frame, power in zip(frames, powers, strict=True)
            if power >= 1e-4 * max(powers)
        ]
        measured = db(np.concatenate(active), left)
        assert measured == pytest.approx(5, abs=0.01)
    mixture, places, _ = mixing.insert(noise, clips, [0, 0], 10.0)
    assert mixture.shape == noise.shape and mixture.dtype == tf.int16
    assert (places[:, 1] - places[:, 0]).numpy().tolist() == [
        len(clip) for clip in clips
    ]
