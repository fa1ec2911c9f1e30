"""No file is read with a geometry that differs from the one it states, whatever its metadata are.

The metadata vary, not the bytes: order and names of axes, units, lengths, orientation, in twelve
ways of nine formats. A refusal is always allowed; a wrong reading never.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import stated_files
from stated_files import MAKERS, Stated

from cathograph.ingest.formats import ImageFile, open_image
from cathograph.ingest.formats.orientation import upright
from cathograph.schema.errors import InputImageError

FILES_EACH, FILES_EACH_LONG = 30, 190


def _seen(stated: Stated) -> np.ndarray:
    pages = stated.pages
    pages = pages if pages.ndim == 3 else pages[None]
    turned = np.stack([upright(page, stated.orientation) for page in pages])
    return turned if stated.long_axes else turned[0]


def _check(name: str, path: Path, stated: Stated, *, volume: bool) -> bool:
    """Open a file; whether it was accepted, and then as stated."""
    where = f"{name}: {stated.axes} {stated.values.shape} {stated.steps} {stated.unit} volume={volume}"
    try:
        image = open_image(path, volume=volume)
        pages = list(image.pages)
    except InputImageError:
        return False
    assert not stated.cannot_be(volume=volume), f"{where}: accepted"
    expected = _seen(stated)
    np.testing.assert_array_equal(
        pages[0] if volume else np.stack(pages),
        expected if volume or stated.long_axes else expected[None],
        where,
    )
    _check_size(image, stated, where)
    return True


def _check_size(image: ImageFile, stated: Stated, where: str) -> None:
    if image.pixel_size_um is not None:
        assert image.pixel_size_um == pytest.approx(stated.pixel_size_um, rel=2e-3), where


def _check_channel(name: str, path: Path, stated: Stated, number: int) -> bool:
    """Open one channel of a file; whether it was accepted, and then as stated."""
    axis = stated.axes.index("c") if "c" in stated.axes else None
    where = f"{name}: {stated.axes} {stated.values.shape} {stated.steps} {stated.unit} channel {number}"
    try:
        image = open_image(path, channel=str(number))
        pages = list(image.pages)
    except InputImageError:
        return False
    assert axis is not None, f"{where}: accepted without channels"
    rest = replace(stated, values=stated.values.take(number, axis), axes=stated.axes.replace("c", ""))
    assert not rest.cannot_be(volume=False), f"{where}: accepted"
    expected = _seen(rest)
    np.testing.assert_array_equal(np.stack(pages), expected if rest.long_axes else expected[None], where)
    assert image.channel == str(number)
    _check_size(image, stated, where)
    return True


def _run(name: str, folder: Path, files: int) -> None:
    dice = np.random.default_rng([sum(name.encode()), files])
    accepted = possible = 0
    for place in range(files):
        stated = stated_files.fitting(name, dice)
        path = folder / f"{place}"
        MAKERS[name](path, stated)
        for volume in (False, True):
            could = not stated.cannot_be(volume=volume) and (not volume or stated.long_axes == "z")
            was = _check(name, path, stated, volume=volume)
            accepted, possible = accepted + was, possible + could
        if "c" in stated.long_axes:
            channels = stated.values.shape[stated.axes.index("c")]
            rest = replace(
                stated,
                values=stated.values.take(0, stated.axes.index("c")),
                axes=stated.axes.replace("c", ""),
            )
            possible += not rest.cannot_be(volume=False)
            accepted += _check_channel(name, path, stated, int(dice.integers(channels)))
    # A reader that refuses everything would pass: what can be meant is read.
    assert accepted == possible, f"{name}: {accepted} of {possible} readable files were read"


@pytest.mark.parametrize("name", MAKERS)
def test_read_as_stated_or_refused(name: str, tmp_path: Path):
    _run(name, tmp_path, FILES_EACH)


@pytest.mark.long
@pytest.mark.parametrize("name", MAKERS)
def test_two_thousand_files_read_as_stated_or_refused(name: str, tmp_path: Path):
    assert FILES_EACH_LONG * len(MAKERS) >= 2000
    _run(name, tmp_path, FILES_EACH_LONG)
