"""A canvas to paint phases on a grey image; what it does in the browser is in paint_canvas.js.

Pictures go to the browser by addresses that Streamlit serves, so a picture that it has seen is not sent again.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.runtime import get_instance

from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.dashboard.session.image_painting import ImagePainting
from cathograph.dashboard.session.painting import stroke_value

_NAME = "cathograph_paint_canvas"
_BLACK_TO_WHITE = (0.5, 99.5)
"""Percentiles of the grey values that are shown as black and as white."""
_SAMPLED_PX = 1_000_000


def show_paint_canvas(painting: ImagePainting, said: str, take: Callable[[Sequence[Any]], None]) -> None:
    """Show the canvas.

    Parameters
    ----------
    painting : ImagePainting
        Image, strokes and answer.
    said : str
        What is known about the result, for the line below the canvas and for screen readers.
    take : callable
        Called with the strokes that the browser reports, before the page runs again; see `ImagePainting.take`.
    """
    key = f"paint_{painting.key[:16]}"

    def taken() -> None:
        take(st.session_state[key]["pending"] or ())

    data = _data_of(painting, said)
    # Registered in each run: a second server in this process, as in tests, does not know it yet.
    component = st.components.v2.component(_NAME, css=_asset("css"), js=_asset("js"))
    component(key=key, data=data, default={"pending": []}, on_pending_change=taken)


def _data_of(painting: ImagePainting, said: str) -> Mapping[str, Any]:
    height, width = painting.image.grey.shape
    answer = painting.answer
    legend = PhaseLegend((painting.composite,))
    return {
        "epoch": painting.epoch,
        "received": painting.received,
        "width": width,
        "height": height,
        "pixel_um": painting.image.pixel_size_um,
        "phases": [
            {
                "name": phase.name,
                "value": stroke_value(phase.code),
                "colour": legend.look(phase.name).outline,
            }
            for phase in painting.composite.all_phases
        ],
        "grey": _address("grey", _grey_png(painting)),
        "strokes": _address("strokes", _png(painting.strokes.values)),
        "result": ""
        if answer is None
        else _address("result", _png(answer.codes + np.uint8(stroke_value(0)))),
        "doubt": "" if answer is None else _address("doubt", _png((answer.doubt * 255).astype(np.uint8))),
        "patch": None if answer is None else list(answer.patch),
        "said": said,
    }


def _address(what: str, png: bytes) -> str:
    return get_instance().media_file_mgr.add(png, "image/png", f"{_NAME}_{what}")


def _grey_png(painting: ImagePainting) -> bytes:
    if painting.grey_png is None:
        grey = painting.image.grey
        sample = grey.reshape(-1)[:: max(1, grey.size // _SAMPLED_PX)]
        low, high = np.percentile(sample, _BLACK_TO_WHITE)
        shown = (grey.astype(np.float32) - low) / max(high - low, np.finfo(np.float32).tiny)
        painting.grey_png = _png((shown.clip(0, 1) * 255).astype(np.uint8))
    return painting.grey_png


def _png(values: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, format="png", compress_level=1)
    return out.getvalue()


@cache
def _asset(kind: str) -> str:
    return Path(__file__).with_name(f"paint_canvas.{kind}").read_text(encoding="utf-8")
