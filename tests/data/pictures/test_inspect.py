"""Pictures that are broken or too large."""

import io
import subprocess
import sys
import textwrap
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasnotes import errors
from kerasnotes.data.pictures import decode, inspect
from tests.support.paths import ROOT
from tests.support.pictures import RGB, encoded


def test_broken_pictures_raise_and_nothing_else():
    rng = np.random.default_rng(0)
    tags = Image.Exif()
    tags[0x0112] = 6
    for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP"):
        options = {"exif": tags.tobytes()}
        whole = encoded(RGB, kind, **options)
        with pytest.raises((tf.errors.OpError, errors.UserError)):
            decode.decode(inspect.prepare(whole[: len(whole) // 2]))
        for _ in range(20):
            data = bytearray(whole)
            for at in rng.integers(0, len(data), 5):
                data[at] = rng.integers(256)
            try:
                decode.decode(inspect.prepare(bytes(data)))
            except (tf.errors.OpError, errors.UserError):
                continue


def test_jpegs_of_several_pictures_are_grey_as_they_are_decoded():
    grey = RGB.convert("L")
    data = encoded(grey, "MPO", save_all=True, append_images=[grey])
    assert inspect.header(data).is_grey
    assert decode.decode(data).shape[-1] == 1


@pytest.mark.parametrize("colours", ["RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_animations_are_mended(kind, colours):
    first = RGB.convert(colours)
    if colours == "RGBA":
        first.putalpha(Image.linear_gradient("L").resize(first.size))
    out = io.BytesIO()
    film = [first.rotate(90), first]
    first.save(
        out, kind, save_all=True, append_images=film, lossless=True, exact=True
    )
    data = out.getvalue()
    found = decode.decode(inspect.prepare(data)).numpy()
    if kind == "GIF":
        np.testing.assert_array_equal(found, decode.decode(data))
        return
    white = Image.new("RGBA", first.size, "white")
    over = Image.alpha_composite(white, first.convert("RGBA")).convert("RGB")
    assert np.abs(found.astype(int) - np.asarray(over)).max() <= 1
    # TensorFlow itself writes such pictures beyond its memory.
    with pytest.raises(tf.errors.InvalidArgumentError, match="animated WebP"):
        decode.decode(data)


def test_too_many_pixels_are_refused_from_the_header():
    def png(width, height):
        size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        whole = encoded(RGB, "PNG")
        head = b"IHDR" + size + whole[24:29]
        crc = zlib.crc32(head).to_bytes(4, "big")
        return whole[:12] + head + crc + whole[33:]

    assert inspect.check(png(10_000, 10_000))[0] == 10**8
    for width, height in ((10_001, 10_000), (400_000, 400_000)):
        with pytest.raises(errors.UserError, match="x.png: over 100 megapix"):
            inspect.check(png(width, height), "x.png")


def test_100_megapixels_stay_under_2_gb(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    path = tmp_path / "large.png"
    image = Image.new("RGBA", (10_000, 10_000), (250, 10, 99, 128))
    image.save(path, compress_level=1, exif=tags.tobytes())
    del image
    program = f"""
        import resource
        from kerasnotes.data.common import file_sets
        from kerasnotes.data.pictures import load_files
        source = file_sets.Files({str(tmp_path)!r})
        array, _, skipped = load_files.decode_all(source, ["large.png"], 224)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert not skipped and abs(int(array[0, 5, 5, 0]) - 252) <= 1
        assert peak < 2e6, peak
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, check=True
    )
