"""Tiles: they cover, they answer as the whole image does, and they shrink when the memory is full."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_networks import random_network

from cathograph.ingest.segmentation.unet.inference import SMALLEST_TILE_PX, Run, predict_classes
from cathograph.ingest.segmentation.unet.tiling import windows
from cathograph.schema.errors import SegmentationError

CPU = torch.device("cpu")


@given(
    shape=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    tile=st.integers(1, 40),
    margin=st.integers(0, 5),
    stride=st.sampled_from([1, 2, 4, 8]),
)
def test_cores_cover_each_pixel_once_and_windows_are_alike(shape, tile, margin, stride):
    covered = np.zeros(shape, dtype=int)
    sizes = set()
    for spans in windows(shape, tile_px=tile, margin_px=margin * stride, stride_px=stride):
        covered[tuple(slice(span.core_start, span.core_stop) for span in spans)] += 1
        sizes.add(tuple(span.stop - span.start for span in spans))
        for span, side in zip(spans, shape, strict=True):
            padded = -(-side // stride) * stride
            assert span.start % stride == 0
            assert span.stop % stride == 0
            assert 0 <= span.start <= span.core_start < span.core_stop <= span.stop <= padded
            # As far as the network reaches, or up to the rim of the image.
            assert span.start == 0 or span.core_start - span.start >= margin * stride
            assert span.stop == padded or span.stop - span.core_stop >= margin * stride
    assert (covered == 1).all()
    assert len(sizes) == 1


@pytest.mark.parametrize("attention", [True, False])
@pytest.mark.parametrize("shape", [(150, 131), (64, 200), (257, 90)])
def test_labels_of_tiles_are_those_of_the_whole(shape, attention):
    network = random_network(attention=attention)
    image = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    whole = predict_classes(network, image, Run(CPU, tile_px=4096))
    assert len(np.unique(whole)) > 1
    for tile, batch in ((32, 1), (24, 5)):
        np.testing.assert_array_equal(
            predict_classes(network, image, Run(CPU, tile_px=tile, batch=batch)), whole
        )


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 5), (1, 70), (7, 8)])
def test_any_size(shape):
    image = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    assert predict_classes(random_network(), image, Run(CPU)).shape == shape


def test_a_stack_is_taken_slice_by_slice_on_one_grey_scale():
    network = random_network()
    rng = np.random.default_rng(2)
    # A dark slice and a bright one: scaled each on its own they would look alike.
    stack = np.stack([rng.normal(10, 5, (40, 40)), rng.normal(90, 5, (40, 40))])
    found = predict_classes(network, stack, Run(CPU))
    low, high = np.percentile(stack, (0.5, 99.5))
    for grey, classes in zip(stack, found, strict=True):
        scaled = np.clip((grey - low) / (high - low), -1, 2).astype(np.float32)
        logits = network(torch.from_numpy(scaled)[None, None]).logits
        np.testing.assert_array_equal(classes, logits.argmax(1)[0])
    assert (found[0] != predict_classes(network, stack[0], Run(CPU))).any()


class _Fills(torch.nn.Module):
    """A network on a device whose memory holds windows of up to some pixels."""

    def __init__(self, holds_px):
        super().__init__()
        self.inner, self.holds_px, self.asked = random_network(), holds_px, []
        self.architecture = self.inner.architecture

    def forward(self, tiles):
        self.asked.append(tuple(tiles.shape))
        if tiles.numel() > self.holds_px:
            raise torch.OutOfMemoryError("full")
        return self.inner(tiles)


def test_full_memory_takes_smaller_batches_then_smaller_tiles(caplog):
    image = np.random.default_rng(3).normal(size=(300, 300)).astype(np.float32)
    network = _Fills(130**2)  # windows are 28 px wider than their tile on each side
    found = predict_classes(network, image, Run(CPU, tile_px=256, batch=4))
    sizes = list(dict.fromkeys((shape[0], shape[2]) for shape in network.asked))
    # All of the image at once first: its windows are one window, for a tile of 256 and its margins reach over it.
    assert sizes == [(1, 300), (1, 184), (1, 120)]
    np.testing.assert_array_equal(found, predict_classes(network.inner, image, Run(CPU)))
    assert "memory" in caplog.text


def test_memory_too_small_for_any_tile_is_an_error():
    network = _Fills(10)
    with pytest.raises(
        SegmentationError, match=f"too little memory on cpu for a tile of {SMALLEST_TILE_PX} px"
    ):
        predict_classes(network, np.arange(90_000.0).reshape(300, 300), Run(CPU, tile_px=128, batch=2))
