"""Phase maps in their three forms, and phase images made with them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cathograph.ingest.phase_maps import PhaseMap, apply_phase_map, read_phase_map
from cathograph.ingest.regions.labelling import regions_from_labels
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE, Phase
from cathograph.schema.errors import PhaseMapError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

FOUR = PhaseMap({0: BACKGROUND_PHASE, 1: NMC, 2: SSE, 3: GRAPHITE})
CANONICAL = "0=background,1=NMC,2=SSE,3=Graphite"


def _refused(spec: str | Path) -> str:
    with pytest.raises(PhaseMapError) as caught:
        read_phase_map(spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "spec",
    [CANONICAL, " 3=graphite, 1=nmc ,0=Background,2=sse ", "1=NMC,0=background,3=Graphite,2=SSE"],
)
def test_inline(spec: str):
    found = read_phase_map(spec)
    assert found == FOUR
    assert found.canonical() == CANONICAL
    assert hash(found) == hash(FOUR)


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".YAML"])
def test_yaml(suffix: str, tmp_path: Path):
    path = tmp_path / f"phases{suffix}"
    path.write_text("# codes of our masks\n3: Graphite\n1: NMC\n2: 'SSE'\n'0': background\n")
    assert read_phase_map(path) == FOUR
    assert read_phase_map(str(path)) == FOUR


def test_csv(tmp_path: Path):
    path = tmp_path / "regions.csv"
    path.write_text("\ufeffLabel, Phase\r\n7,NMC\r\n\r\n 12 , sse\r\n-3,Graphite\r\n", encoding="utf-8")
    assert read_phase_map(path).canonical() == "-3=Graphite,7=NMC,12=SSE"


@given(
    st.dictionaries(
        st.integers(-(2**63), 2**63 - 1),
        st.sampled_from(list(SSB_CATHODE.all_phases)),
        min_size=1,
        max_size=30,
    )
)
def test_canonical_text_reads_back(phases: dict[int, Phase]):
    phase_map = PhaseMap(phases)
    assert read_phase_map(phase_map.canonical()) == phase_map == phases
    assert list(phase_map) == sorted(phases)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "an empty phase map"),
        ("  ", "an empty phase map"),
        ("0=NMC,0=SSE", "value 0 twice"),
        ("0=NMC,0=NMC", "value 0 twice"),
        ("0=Cathode", "expected one of background, SSE, NMC, Graphite"),
        ("0=", "found phase ''"),
        ("a=NMC", "'a' as a value"),
        ("1.5=NMC", "'1.5' as a value"),
        ("1e3=NMC", "'1e3' as a value"),
        ("01=NMC", "leading zeros"),
        ("=NMC", "'' as a value"),
        ("99999999999999999999=NMC", "as a value"),
        ("9999999999999999999=NMC", "9999999999999999999 as a value"),
        ("0=NMC,", "found ''; expected value=phase"),
        ("0=NMC,SSE", "found 'SSE'; expected value=phase"),
        ("phases.txt", "expected 0=background"),
    ],
)
def test_bad_inline(spec: str, words: str):
    assert words.casefold() in _refused(spec).casefold()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an empty phase map"),
        ("# only a comment\n", "an empty phase map"),
        ("- NMC\n- SSE\n", "expected a mapping"),
        ("NMC", "expected a mapping"),
        ("0: NMC\n0: SSE\n", "line 2: found the key '0' twice"),
        ("0: NMC\n'0': SSE\n", "line 2: found the key '0' twice"),
        ("yes: NMC\n", "'yes' as a value"),
        ("010: NMC\n", "leading zeros"),  # eight for YAML, ten for people
        ("0x1: NMC\n", "'0x1' as a value"),
        ("0: [NMC]\n", "line 1: found a nested entry"),
        ("0: NMC\n? {a: b}\n: SSE\n", "line 2: found a key that is no text"),
        ("0: Cathode\n", "expected one of background"),
        ("0: NMC\n\t1: SSE\n", "no valid YAML"),
        ("{0: NMC", "no valid YAML"),
        ("0: NMC\n---\n1: SSE\n", "no valid YAML"),
        ("0: *nothing\n", "line 1: found an alias (*nothing)"),
        ("0: \x07\n", "no valid YAML"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_bad_yaml(text: str, words: str, tmp_path: Path):
    path = tmp_path / "phases.yaml"
    path.write_text(text)
    assert words in _refused(path)


def test_a_yaml_tag_makes_nothing(tmp_path: Path):
    path = tmp_path / "phases.yaml"
    path.write_text(f"0: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']\n")
    _refused(path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found the header ''"),
        ("label;phase\n1;NMC\n", "found the header 'label;phase'"),
        ("1,NMC\n", "found the header '1,NMC'"),
        ("phase,label\nNMC,1\n", "found the header"),
        ("label,phase\n", "an empty phase map"),
        ("label,phase\n1,NMC,big\n", "line 2: found 3 cells"),
        ("label,phase\n1,NMC\n2\n", "line 3: found 1 cells"),
        ("label,phase\n1,NMC\n1,SSE\n", "value 1 twice"),
        ("label,phase\n1.0,NMC\n", "'1.0' as a value"),
        ('label,phase\n1,"NMC\n', "no valid CSV"),
        ("label,phase\n1,Lead\n", "value 1: Found phase 'Lead'"),
    ],
)
def test_bad_csv(text: str, words: str, tmp_path: Path):
    path = tmp_path / "regions.csv"
    path.write_text(text)
    assert words in _refused(path)


@pytest.mark.parametrize("name", ["phases.yaml", "regions.csv"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path):
    assert "cannot be read (No such file" in _refused(tmp_path / name)
    (tmp_path / name).write_bytes(b"0: \xff\xfe")
    assert "not UTF-8" in _refused(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert "cannot be read" in _refused(tmp_path / name)


def test_a_yaml_of_another_size(tmp_path: Path):
    (tmp_path / "phases.yaml").write_text("# much\n" * 200_000)
    assert "1400000 bytes; expected at most" in _refused(tmp_path / "phases.yaml")


@pytest.mark.parametrize("phases", [{}, {True: NMC}, {"1": NMC}, {2**63: NMC}])
def test_phase_maps_that_cannot_be(phases: dict[int, Phase]):
    with pytest.raises(PhaseMapError):
        PhaseMap(phases)


# 3×3 with the codes of another laboratory: 0 NMC, 1 graphite, 2 pore standing in for SSE.
#   0 0 1        NMC NMC Gra       2 2 3
#   0 2 1   →    NMC SSE Gra   →   2 1 3
#   2 2 1        SSE SSE Gra       1 1 3
CODES = np.array([[0, 0, 1], [0, 2, 1], [2, 2, 1]])
PHASES = np.array([[2, 2, 3], [2, 1, 3], [1, 1, 3]], dtype=np.uint8)


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">i4", ">f4"]
)
def test_a_phase_image_by_hand(dtype: str):
    found = apply_phase_map(CODES.astype(dtype), read_phase_map("0=NMC,1=Graphite,2=SSE"))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, PHASES)


def test_masks_and_0_that_is_not_named():
    # Nothing is 0, so 0 needs no phase; with one 0 it does.
    ones = np.ones((2, 2), dtype=bool)
    np.testing.assert_array_equal(apply_phase_map(ones, read_phase_map("1=NMC")), np.full((2, 2), 2))
    ones[0, 1] = False
    with pytest.raises(PhaseMapError, match=r"0 \(1 pixels\)"):
        apply_phase_map(ones, read_phase_map("1=NMC"))


@given(data=st.data())
def test_equal_to_a_pixel_by_pixel_look_up(data: st.DataObject):
    dtype = data.draw(st.sampled_from(["u1", "i1", "u2", "i4", "i8", "u8", "f4", "f8"]))
    kind = np.iinfo(dtype) if np.dtype(dtype).kind != "f" else None
    ends = st.sampled_from([kind.min, kind.max, kind.max - 1] if kind else [-(2**20), 2**20])
    near = st.integers(-3 if kind is None or kind.min < 0 else 0, 5)
    image = data.draw(arrays(dtype, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=near | ends))
    values = st.integers(-4, 6) | st.sampled_from([-(2**63), 2**63 - 1, 255, 70_000, -129]) | ends
    named = {value for value in data.draw(st.lists(values, max_size=6)) if -(2**63) <= value < 2**63}
    everything = data.draw(st.booleans())
    if everything:
        named |= {int(value) for value in image.reshape(-1) if -(2**63) <= int(value) < 2**63}
    phase_map = PhaseMap({value: list(SSB_CATHODE.all_phases)[value % 4] for value in named | {1}})
    unknown = [int(value) for value in image.reshape(-1) if int(value) not in phase_map]
    if unknown:
        with pytest.raises(PhaseMapError) as caught:
            apply_phase_map(image, phase_map)
        commonest = max(unknown.count(value) for value in unknown)
        assert f"({commonest} pixels)" in str(caught.value)
    else:
        by_hand = [phase_map[int(value)].code for value in image.reshape(-1)]
        np.testing.assert_array_equal(apply_phase_map(image, phase_map).reshape(-1), by_hand)


def test_more_than_one_block():
    # 600×600 is larger than one block of 2**18 pixels; the odd value lies in the last one.
    image = np.ones((600, 600), dtype=np.float32)
    assert (apply_phase_map(image, FOUR) == 2).all()
    image[599, 598] = 0.5
    with pytest.raises(PhaseMapError, match=r"0\.5 at \(y, x\) = \(599, 598\)"):
        apply_phase_map(image, FOUR)


def test_strided_views():
    wide = np.zeros((6, 8), dtype=np.uint8)
    wide[::2, ::2] = 3
    np.testing.assert_array_equal(apply_phase_map(wide[::2, ::2], FOUR), np.full((3, 4), 3))
    np.testing.assert_array_equal(apply_phase_map(wide.T, FOUR), wide.T)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.5, -0.25, 1e300])
def test_floats_that_are_no_codes_name_the_first_position(bad: float):
    image = np.zeros((2, 3, 4))
    image[1, 2, 0] = bad
    image[1, 2, 3] = np.nan
    with pytest.raises(PhaseMapError, match=r"at \(z, y, x\) = \(1, 2, 0\); expected whole numbers"):
        apply_phase_map(image, FOUR)


def test_unknown_values_are_listed_with_their_pixels_up_to_ten():
    # 20 of the value 50, and one each of 100…114: the commonest first, then nine, then a count.
    image = np.concatenate([np.full(20, 50), np.arange(100, 115)]).reshape(5, 7)
    with pytest.raises(PhaseMapError) as caught:
        apply_phase_map(image, FOUR)
    message = str(caught.value)
    assert "50 (20 pixels), 100 (1 pixels)" in message
    assert "and 6 more" in message
    assert CANONICAL in message


@pytest.mark.parametrize("dtype", ["c8", "S1", "O"])
def test_images_of_other_types(dtype: str):
    with pytest.raises(PhaseMapError, match="expected integers"):
        apply_phase_map(np.zeros((2, 2), dtype=dtype), FOUR)


def test_a_phase_for_all_other_labels_and_for_ranges():
    labels = np.array([[0, 3, 4], [9, 200, 3]])
    several = read_phase_map("3-4=SSE,*=NMC")
    assert several.canonical() == "3=SSE,4=SSE,*=NMC"
    regions = regions_from_labels(labels, several)
    assert dict(zip(regions.region_labels.tolist(), regions.region_phases.tolist(), strict=True)) == {
        3: SSE.code, 4: SSE.code, 9: NMC.code, 200: NMC.code
    }  # fmt: skip
    assert regions_from_labels(labels, read_phase_map("*=NMC")).region_labels.tolist() == [3, 4, 9, 200]
    assert read_phase_map("*=NMC") != read_phase_map("*=SSE")
    with pytest.raises(PhaseMapError, match="named"):
        apply_phase_map(labels, several)
    for text in ("4-3=SSE", "1-99999999=SSE", "1-3=SSE,2=NMC", "*=NMC,*=SSE"):
        with pytest.raises(PhaseMapError):
            read_phase_map(text)
