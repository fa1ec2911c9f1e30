"""The page Segment: paint phases on an image, see the result at once, and ingest it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cathograph.dashboard.session.command_run import CommandRun, keep_upload
from cathograph.dashboard.session.image_painting import ImagePainting, painting_key
from cathograph.dashboard.session.kept_strokes import read_strokes
from cathograph.dashboard.session.painting import GreyImage, painter, stroke_value
from cathograph.dashboard.widgets.empty_states import show_error
from cathograph.dashboard.widgets.paint_canvas import show_paint_canvas
from cathograph.dashboard.widgets.plain_text import as_text
from cathograph.dashboard.widgets.waiting import show_running
from cathograph.schema.composites import SSB_CATHODE, Composite, built_in, built_in_names
from cathograph.schema.errors import CathographError

_FILE, _PAINTING, _RUN, _PROBLEM = "segment_file", "segment_painting", "segment_run", "segment_problem"
_COUNTED_AT_ONCE_PX = 600 * 600
"""Larger images are counted on a button: the counting would hold up the next stroke."""
_QUICK_S = 1.0


def page() -> None:
    """Lay out the page."""
    st.title("Segment")
    path, composite = _choose_file()
    if path is None:
        st.info(
            "Choose an image. Then paint a few short strokes of each phase; the result appears after each stroke.",
            icon=":material/brush:",
        )
        return
    try:
        images = _images_of(path)
        number = 0
        if len(images) > 1:
            number = st.selectbox("Page", range(len(images)), format_func=lambda each: images[each].name)
        painting = _painting_of(images[number], composite)
    except CathographError as error:
        show_error(error)
        return
    _paint(painting)
    _show_ingest(path, images, painting)


def _choose_file() -> tuple[Path | None, Composite]:
    left, right = st.columns([3, 2])
    names = list(built_in_names())
    composite = built_in(right.selectbox("Composite", names, index=names.index(SSB_CATHODE.name)))
    file = left.file_uploader("Image", type=["tif", "tiff", "png", "npy", "h5", "hdf5"])
    if file is None:
        return None, composite
    kept = st.session_state.get(_FILE)
    if kept is None or kept[0] != file.file_id:
        kept = file.file_id, keep_upload(file.name, file.getvalue())
        st.session_state[_FILE] = kept
    return kept[1], composite


@st.cache_resource(max_entries=4, ttl="1h", show_spinner="Reading the image …")
def _read(path: Path, _changed_ns: int) -> Sequence[GreyImage]:
    return painter().read(path)


def _images_of(path: Path) -> Sequence[GreyImage]:
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


def _painting_of(image: GreyImage, composite: Composite) -> ImagePainting:
    """Give what this session paints, or begin with the strokes of the home."""
    kept = st.session_state.get(_PAINTING)
    if kept is None or kept.image is not image or kept.composite != composite:
        kept = ImagePainting(image, composite)
        st.session_state[_PAINTING] = kept
    return kept


@st.fragment
def _paint(painting: ImagePainting) -> None:
    """Show canvas, messages and counts; a stroke runs this part of the page alone."""
    painting.learn()
    if painting.image.grey.size <= _COUNTED_AT_ONCE_PX:
        painting.count()
    if painting.conflict:
        st.warning(as_text(painting.conflict), icon=":material/group:")
        st.button("Take the other strokes", on_click=painting.read_again)
    if problem := st.session_state.pop(_PROBLEM, "") or painting.problem:
        st.warning(as_text(problem), icon=":material/brush:")

    def take(reports: Sequence[Any]) -> None:
        try:
            painting.take(reports)
        except CathographError as error:
            st.session_state[_PROBLEM] = str(error)

    show_paint_canvas(painting, _said_of(painting), take)
    _show_counts(painting)


def _said_of(painting: ImagePainting) -> str:
    painted = int(np.count_nonzero(painting.strokes.values))
    if painting.answer is None:
        return f"{painted:,} pixels painted. Paint two phases or more."
    shares = [
        f"{phase.name} {100 * float((painting.answer.codes == phase.code).mean()):.1f} %"
        for phase in painting.composite.all_phases
        if (painting.answer.codes == phase.code).any()
    ]
    return f"{painted:,} pixels painted. Result: {', '.join(shares)}."


def _show_counts(painting: ImagePainting) -> None:
    if painting.answer is None:
        return
    if not painting.is_counted:
        st.button("Count particles and TPBs", icon=":material/calculate:", on_click=painting.count)
        return
    before = asdict(painting.counts_before) if painting.counts_before else {}
    names = {
        "particles": "Particles",
        "contacts": "Contacts",
        "tpbs": "TPBs",
        "channels": "Pairs with a channel",
    }
    with st.container(horizontal=True):
        for name, count in asdict(painting.counts).items() if painting.counts else ():
            change = count - before[name] if name in before else None
            st.metric(names[name], f"{count:,}", change, delta_color="off", border=True, width=150)
    st.caption(
        "Of regions of 9 pixels and more, by the phases of the result; the small numbers are the change since the "
        "last count."
    )


def _show_ingest(path: Path, images: Sequence[GreyImage], painting: ImagePainting) -> None:
    with st.form("segment_ingest", border=True):
        st.markdown("**Ingest this image with its strokes, and save what was learnt as a model**")
        left, right = st.columns(2)
        sample = left.text_input("Sample")
        model = right.text_input("Name of the model", placeholder="default: a hash of the strokes")
        size_um = painting.image.pixel_size_um
        pixel_nm = left.number_input(
            "Pixel size (nm)", min_value=0.0, value=None if size_um is None else 1000 * size_um
        )
        asked = st.form_submit_button("Ingest", type="primary", icon=":material/upload:")
    if asked:
        st.session_state.pop(_RUN, None)
        if not sample.strip():
            st.error("Enter the sample of the image.")
        else:
            try:
                strokes = _write_strokes(path, images, painting.composite)
            except CathographError as error:
                show_error(error)
                return
            named = {"--sample": sample.strip(), "--save-model": model.strip()}
            named["--pixel-size-nm"] = f"{pixel_nm:.6g}" if pixel_nm else ""
            run = CommandRun(
                ingest_arguments(path, strokes, painting.composite, named), f"ingest of {path.name}"
            )
            run.start()
            st.session_state[_RUN] = run
    begun = st.session_state.get(_RUN)
    if isinstance(begun, CommandRun):
        if not begun.has_ended(wait_s=_QUICK_S):
            show_running(begun, f"Running {as_text(begun.title)} for {{seconds}} …", begun.cancel)
        elif begun.code == 0:
            st.success(f"{as_text(begun.title)} is done. The page Image shows it.")
        else:
            st.error(as_text(begun.error()))


def _write_strokes(path: Path, images: Sequence[GreyImage], composite: Composite) -> Path:
    """Write the strokes of all pages of a file, those of the home."""
    pages = [read_strokes(painting_key(image, composite), image.grey.shape).values for image in images]
    written = keep_upload(f"{path.stem}_strokes.tif", b"")
    painter().write_strokes(written, pages)
    return written


def ingest_arguments(path: Path, strokes: Path, composite: Composite, named: dict[str, str]) -> list[str]:
    """Write the command line that ingests a painted image.

    Parameters
    ----------
    path, strokes : Path
        The image and its strokes.
    composite : Composite
        A built-in one, whose phases were painted.
    named : dict
        Further options; empty ones are left out.
    """
    meanings = ",".join(f"{stroke_value(phase.code)}={phase.name}" for phase in composite.all_phases)
    options = {"--strokes": str(strokes), "--phases": meanings, "--composite": composite.name} | named
    return ["ingest", "--json", *(f"{key}={value}" for key, value in options.items() if value), str(path)]
