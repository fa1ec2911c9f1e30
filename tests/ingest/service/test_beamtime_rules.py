"""The rules file: what is meant is read, what cannot be meant is refused with its place and its key."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cathograph.ingest.service.rules import FileKind, compile_pattern, parse_rules, read_rules
from cathograph.ingest.service.template import TEMPLATE, write_template
from cathograph.schema.errors import InputError

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"


def entry(**keys):
    keys = {"pattern": "'*.tif'", "as": "phases", "phases": PHASES, "sample": "s", **keys}
    lines = [f"{key}: {value}" for key, value in keys.items() if value is not None]
    return "files:\n  - " + "\n    ".join(lines) + "\n"


def test_the_form_of_the_contract():
    rules = parse_rules(
        "beamtime: 0042\npixel_size_nm: 50\n"
        + entry(pattern=r"(?P<field>\d+)_label\.tif", sample='"{field}"', image="i{field}", cathode="LCD")
    )
    assert (rules.beamtime, rules.pixel_size_nm) == ("0042", 50.0), "an unquoted 0042 is no octal number"
    match = rules.match("100_label.tif")
    assert (match.sample, match.image, match.cathode) == ("100", "i100", "LCD")
    assert match.rule.kind is FileKind.PHASES
    assert rules.match("100_label.tiff") is None


def test_passes_that_tell_how_sure_a_grey_image_is():
    image = {"as": "image", "phases": None, "segmenter": "unet"}
    (rule,) = parse_rules(entry(**image, uncertainty=8)).files
    assert rule.options.uncertainty_passes == 8
    assert parse_rules(entry(**image)).files[0].options.uncertainty_passes == 0
    for wrong, message in (
        (entry(uncertainty=8), "uncertainty with as phases"),
        (entry(**image, uncertainty=-1), "uncertainty"),
        (entry(**image, uncertainty=1001), "uncertainty"),
    ):
        with pytest.raises(InputError, match=message):
            parse_rules(wrong)


def test_stem_is_the_file_without_its_suffix_and_the_default_image():
    match = parse_rules(entry(sample='"{stem}"')).match("night 1/100_label.tif")
    assert (match.sample, match.image) == ("100_label", "100_label")


def test_a_group_named_stem_wins():
    match = parse_rules(entry(pattern=r"(?P<stem>\d+)_label\.tif", sample='"{stem}"')).match("100_label.tif")
    assert match.sample == "100"


def test_the_first_entry_that_fits_decides():
    text = (
        entry(pattern="'*_label.tif'")
        + entry(pattern="'*.tif'", **{"as": "image", "phases": None}).partition("\n")[2]
    )
    rules = parse_rules(text)
    assert rules.match("100_label.tif").rule.kind is FileKind.PHASES
    assert rules.match("100.tif").rule.kind is FileKind.IMAGE


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        (
            "*_label.tif",
            ["100_label.tif", "deep/er/100_label.tif", "_label.tif"],
            ["100_label_tif", "100.tif"],
        ),
        ("night?/*.tif", ["night1/a.tif"], ["night1/b/a.tif", "night12/a.tif", "a.tif"]),
        ("*.*", ["a.tif", "x/.tif"], ["a"]),
        ("*(1).tif", ["scan(1).tif"], ["scan1.tif"]),
        (r"[0-9]*.tif", ["1.tif", "1a.tif"], ["a1.tif"]),
        (r"\d+\.tif", ["12.tif", "x/12.tif"], ["1a.tif"]),
        (r".*_label\.tif", ["a_label.tif"], ["a.tif"]),
        (r"(a|b)\.tif", ["a.tif", "b.tif"], ["c.tif", "aa.tif"]),
        (r"night\d/.+\.tif", ["night1/a.tif", "night1/b/a.tif"], ["a.tif"]),
    ],
)
def test_globs_and_regular_expressions(pattern, fits, fits_not):
    rules = parse_rules(entry(pattern=f"'{pattern}'"))
    assert [name for name in fits if rules.match(name) is None] == []
    assert [name for name in fits_not if rules.match(name) is not None] == []


def test_a_pattern_that_ends_in_a_slash_is_about_folders():
    rules = parse_rules(entry(pattern="'recon_*/'", sample='"{stem}"', volume="true"))
    match = rules.match("recon_7/")
    assert (match.name, match.sample, match.image) == ("recon_7/", "recon_7", "recon_7")
    assert match.rule.options.volume
    assert [
        name for name in ("recon_7", "other/", "night/recon_7/", "recon_7/1.tif") if rules.match(name)
    ] == []
    for pattern in ("*", "*.tif", ".*", "(?P<f>.*)"):
        assert parse_rules(entry(pattern=f"'{pattern}'")).match("recon_7/") is None


NAMES = st.text(alphabet="abz019_- .%{}$'\"µ", min_size=1, max_size=12).filter(lambda name: name.strip(" ."))


@given(prefix=NAMES, suffix=st.sampled_from(["_label.tif", "_map.npy"]))
def test_a_named_group_comes_out_as_it_stands_in_the_name(prefix, suffix):
    """Whatever a file is called, braces in it included: names are filled in once, never filled in again.

    Blanks around a name are no part of it.
    """
    rules = parse_rules(entry(pattern=f"'(?P<field>.+){re.escape(suffix)}'", sample='"<{field}>"'))
    match = rules.match(prefix + suffix)
    assert match.sample == f"<{prefix}>"
    assert match.image == (prefix + suffix).rpartition(".")[0].strip()


@given(st.lists(st.sampled_from("ab*?._-/"), max_size=10).map(lambda signs: "*" + "".join(signs)))
def test_a_star_stays_in_its_folder(glob):
    """One that begins with a star is a glob whatever follows, `*.*` too, which holds a sign of the others."""
    compiled = compile_pattern(glob)
    assert compiled.fullmatch(glob.replace("*", "x").replace("?", "y"))
    assert compiled.fullmatch(glob.replace("*", "").replace("?", "y"))
    assert not compiled.fullmatch(glob.replace("*", "x/x").replace("?", "y"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no keys", "init-beamtime"]),
        ("- a\n", ["no keys"]),
        ("files: [\n", ["no valid YAML", "line"]),
        ("files: []\n", ["files"]),
        ("beamtime: x\n", ["files", "required"]),
        ("beamtmie: x\n" + entry(), ["beamtmie", "beamtime"]),
        (
            entry(smaple="x", colour="y"),
            ["line 6", "smaple, entry 1 of files", "colour, entry 1 of files", "sample"],
        ),
        (entry(**{"as": "[image]"}), ["as, entry 1 of files"]),
        (entry(**{"as": "labels", "radius_px": 3}), ["'labels'", "energy-map"]),
        (entry(method="{window_ev: [1, 2]}"), ["method is no key"]),
        (entry(options="{radius_px: 4}"), ["options is no key"]),
        (entry(**{"as": "labels"}), ["'labels'", "regions", "energy-map"]),
        (entry(phases=None), ["as phases without phases"]),
        (entry(phases="0=NCM"), ["NCM"]),
        (entry(phases="{0: NCM}"), ["NCM"]),
        (entry(sample="'{field}'"), ["sample uses {field}", "{stem}"]),
        (entry(pattern="'(unclosed'"), ["(unclosed", "no regular expression"]),
        (entry(pixel_size_nm="-5"), ["pixel_size_nm", "-5"]),
        (entry(pixel_size_nm="nan"), ["pixel_size_nm"]),
        (entry(pixel_size_nm="fifty"), ["pixel_size_nm", "fifty"]),
        (entry(window_ev="[8340, 8348]"), ["window_ev does not go with as: phases"]),
        (entry(**{"as": "image"}), ["phases with as image"]),
        (entry(**{"as": "energy-map"}), ["phases does not go with as: energy-map"]),
        ("beamtime: a\nbeamtime: b\n" + entry(), ["'beamtime' twice", "line"]),
        ("beamtime: !!python/object/apply:os.system [ls]\n" + entry(), ["YAML tag", "python"]),
        ("beamtime: !mine x\n" + entry(), ["YAML tag !mine"]),
        ("beamtime: &a x\nfiles: *a\n", ["line 1", "an anchor (&a)"]),
        ("? [a, b]\n: c\n", ["key that is no text"]),
        ("files: " + "[" * 50 + "]" * 50, ["nested too deeply"]),
        ("files: " + "[" * 5000, ["nested too deeply"]),
        ("a: b\n---\nc: d\n", ["valid YAML"]),
    ],
)
def test_what_cannot_be_meant(text, words):
    with pytest.raises(InputError) as refused:
        parse_rules(text)
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith("beamtime.yaml")
    for word in words:
        assert word in message


def test_phases_as_a_mapping_are_those_inline():
    rules = parse_rules(entry(phases="{0: background, 1: NMC, 2: SSE}"))
    assert rules.match("a.tif").phases == "0=background,1=NMC,2=SSE"


def test_files_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(InputError, match="init-beamtime"):
        read_rules(tmp_path)
    rules = tmp_path / "beamtime.yaml"
    rules.write_bytes(b"beamtime: \xff\xfe\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_rules(tmp_path)
    rules.write_bytes(b"#" * (2 << 20))
    with pytest.raises(InputError, match="expected at most"):
        read_rules(tmp_path)
    rules.unlink()
    rules.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_rules(tmp_path)


def test_the_template_is_valid_and_never_overwrites(tmp_path: Path):
    path = write_template(tmp_path / "new folder")
    assert path.read_text() == TEMPLATE
    rules = read_rules(tmp_path / "new folder")
    assert rules.match("100_label.tif").sample == rules.match("100_energy.tif").sample == "100"
    path.write_text("mine")
    with pytest.raises(InputError, match="already"):
        write_template(tmp_path / "new folder")
    assert path.read_text() == "mine"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(InputError, match="already"):
        write_template(tmp_path / "new folder")
    assert not (tmp_path / "elsewhere.yaml").exists()
