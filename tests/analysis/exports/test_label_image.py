"""The label image as OME-TIFF: pixels, size and the particle of each label, read back by tifffile and the XML."""

from xml.etree.ElementTree import fromstring

import numpy as np
import pandas as pd
import pytest
import tifffile

from cathograph.analysis.exports.label_image import (
    IMAGE_NAMESPACE,
    KEY_NAMESPACE,
    PHASE_NAMESPACE,
    ROLES_NAMESPACE,
    write_label_image,
)
from cathograph.schema.errors import InputError

LABELS = np.array([[1, 1, 0, 7], [1, 0, 0, 7], [0, 300, 300, 300]], dtype=np.int32)
"""Areas by hand: 3, 2 and 3 pixels; 300 does not fit into a byte."""


def make_particles(**columns):
    return pd.DataFrame(
        {
            "sample": "Zelle <1> & Öfen",
            "image": "a",
            "label": [1, 7, 300],
            "phase": ["Ni", "YSZ", "Pore"],
            "composite": "sofc-electrode",
            "roles": [["active", "electronic"], ["ionic"], ["gas"]],
            "key": ["k:1", "k:7", "k:300"],
            "area_px": [3, 2, 3],
        }
        | columns
    )


def read_annotations(path):
    """Read the maps of a file by their namespace, and the sizes of its pixels."""
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        root = fromstring(file.ome_metadata)  # noqa: S314  a file of our own
    space = {"ome": root.tag[1:].partition("}")[0]}
    maps = {
        each.get("Namespace"): {m.get("K"): m.text for m in each.iterfind("ome:Value/ome:M", space)}
        for each in root.iterfind("ome:StructuredAnnotations/ome:MapAnnotation", space)
    }
    pixels = root.find("ome:Image/ome:Pixels", space)
    sizes = {name: value for name, value in pixels.attrib.items() if name.startswith("PhysicalSize")}
    return maps, sizes, root.find("ome:Image", space).get("Name")


def test_a_section_is_read_back_equal(tmp_path):
    path = tmp_path / "new folder" / "labels.ome.tif"
    write_label_image(LABELS, make_particles(), path, pixel_size_um=0.05, segmentation="k")
    read = tifffile.imread(path)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, LABELS)
    maps, sizes, name = read_annotations(path)
    assert maps == {
        IMAGE_NAMESPACE: {
            "sample": "Zelle <1> & Öfen",
            "image": "a",
            "composite": "sofc-electrode",
            "segmentation": "k",
        },
        KEY_NAMESPACE: {"1": "k:1", "7": "k:7", "300": "k:300"},
        PHASE_NAMESPACE: {"1": "Ni", "7": "YSZ", "300": "Pore"},
        ROLES_NAMESPACE: {"1": "active, electronic", "7": "ionic", "300": "gas"},
    }
    assert {axis: float(size) for axis, size in sizes.items() if "Unit" not in axis} == {
        "PhysicalSizeX": 0.05,
        "PhysicalSizeY": 0.05,
    }
    assert {size for axis, size in sizes.items() if "Unit" in axis} <= {"µm"}
    assert name == "Zelle <1> & Öfen/a"


def test_a_volume_keeps_its_depth(tmp_path):
    path = tmp_path / "v.ome.tif"
    volume = np.stack([LABELS, LABELS])
    write_label_image(volume, make_particles(area_px=[6, 4, 6]), path, pixel_size_um=0.4, segmentation="k")
    with tifffile.TiffFile(path) as file:
        assert file.series[0].axes == "ZYX"
        np.testing.assert_array_equal(file.asarray(), volume)
    assert read_annotations(path)[1]["PhysicalSizeZ"] == "0.4"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"area_px": [3, 2, 4]}, "Found 1 labels, from 300 on"),  # a region grew
        ({"label": [1, 8, 300]}, "Found 2 labels, from 7 on"),  # 7 became 8
        ({"sample": "a\x0b"}, "that OME-TIFF cannot hold"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, columns, message):
    path = tmp_path / "labels.ome.tif"
    with pytest.raises(InputError, match=message):
        write_label_image(LABELS, make_particles(**columns), path, pixel_size_um=0.05, segmentation="k")
    assert not path.exists()


def test_a_label_of_more_than_32_bits_is_refused(tmp_path):
    labels = np.where(LABELS == 300, 2**32, LABELS.astype(np.int64))
    particles = make_particles(label=[1, 7, 2**32])
    with pytest.raises(InputError, match="Found label 4294967296; expected at most"):
        write_label_image(labels, particles, tmp_path / "x.tif", pixel_size_um=0.05, segmentation="k")


def test_no_room_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="not writable"):
        write_label_image(
            LABELS, make_particles(), tmp_path / "file" / "x.tif", pixel_size_um=0.05, segmentation="k"
        )
