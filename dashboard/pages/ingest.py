"""The page Ingest: the job queue with errors, the history, and the upload of one file."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from cathograph.dashboard.session import store
from cathograph.dashboard.session.command_run import CommandRun, forget_upload, keep_upload
from cathograph.dashboard.session.selection import current_selection
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_error
from cathograph.dashboard.widgets.plain_text import as_text
from cathograph.dashboard.widgets.run_history import show_run_history
from cathograph.dashboard.widgets.waiting import show_running
from cathograph.schema.composites import SSB_CATHODE, Composite, built_in, built_in_names, read_composite
from cathograph.schema.errors import CathographError

_RUN, _FILES, _CHANGE, _COMPOSITE = "upload_run", "upload_files", "job_change", "upload_composite"
_QUICK_S, _QUEUE_TICK_S = 1.0, 5.0
_STATES = ("running", "queued", "failed", "done", "cancelled")
_OWN = "your own (YAML file)"
_KINDS = {
    "phases": "phases (one value per phase)",
    "regions": "labels (one value per particle)",
    "image": "grey values (will be segmented)",
}
_COLUMNS = {
    name: st.column_config.DatetimeColumn(name, format="YYYY-MM-DD HH:mm:ss")
    for name in ("enqueued", "started", "finished", "not_before")
}


def page() -> None:
    """Lay out the page."""
    st.title("Ingest")
    queue, history, upload = st.tabs(["Queue", "History", "Upload a file"])
    with queue:
        _show_queue()
    with history:
        show_run_history(current_selection())
    with upload:
        _show_upload()


@st.fragment(run_every=_QUEUE_TICK_S)
def _show_queue() -> None:
    """Show the current state of the jobs; refreshed automatically."""
    try:
        jobs = store.table("jobs")
    except CathographError as error:
        show_error(error)
        return
    if jobs.empty:
        st.info("No folder is being watched, so there are no jobs.", icon=":material/folder_eye:")
        st.markdown(
            "To watch a folder, run `cathograph init-beamtime DIR`, fill in `DIR/beamtime.yaml`, and run "
            "`cathograph watch DIR`. You can also upload a single file here."
        )
        return
    counts = jobs["state"].value_counts()
    with st.container(horizontal=True):
        for state in _STATES:
            st.metric(state, int(counts.get(state, 0)), border=True, width=140)
    running = jobs[jobs["state"] == "running"]
    seconds = (pd.Timestamp.now(tz="UTC") - running["started"]).dt.total_seconds().clip(lower=0)
    for file, sample, attempt, elapsed in zip(
        running["file"], running["sample"], running["attempts"], seconds, strict=True
    ):
        st.markdown(
            f":material/sync: {as_text(file)} of sample {as_text(sample)}: running for {elapsed:.0f} s, "
            f"attempt {attempt}"
        )
    states = st.pills("Show", _STATES, selection_mode="multi", key="job_states", bind="query-params")
    shown = jobs[jobs["state"].isin(states)] if states else jobs
    shown = shown.iloc[::-1].reset_index(drop=True)
    columns = ["file", "sample", "image", "state", "outcome", "reason", "attempts", "enqueued", "started"]
    columns += ["finished", "not_before", "energy_map", "host", "folder", "job"]
    picked = st.dataframe(
        shown[columns],
        hide_index=True,
        key="job_table",
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_COLUMNS,
        placeholder="",
    )
    chosen = [str(shown["job"][row]) for row in picked["selection"]["rows"] if row < len(shown)]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Retry", disabled=not chosen, icon=":material/replay:"):
            _change("retry", chosen)
        if st.button("Cancel", disabled=not chosen, icon=":material/stop:"):
            _change("cancel", chosen)
        table_downloads(shown, "jobs")
    if not chosen:
        st.caption("Select rows to queue them again or to remove them from the queue.")
    _show_change()


def _change(verb: str, jobs: list[str]) -> None:
    """Retry or cancel jobs as the command of that name does."""
    run = CommandRun([verb, "--json", "--", *jobs], verb)
    run.start()
    with st.spinner(f"{verb} …"):
        run.has_ended(wait_s=60)
    st.session_state[_CHANGE] = run
    st.rerun(scope="fragment")


def _show_change() -> None:
    run = st.session_state.get(_CHANGE)
    if not isinstance(run, CommandRun) or not run.has_ended():
        return
    if run.code == 0:
        done = {"retry": "Queued again", "cancel": "Cancelled"}[run.title]
        st.success(f"{done}: {', '.join(as_text(file) for file in json.loads(run.output))}")
    else:
        st.error(as_text(run.error()))


def _show_upload() -> None:
    """Lay out the form and the result of the last upload."""
    st.caption(
        "Uploads one file and ingests it as `cathograph ingest` does. For a whole beamtime use `cathograph watch`."
    )
    kind = st.radio("Pixel values are", list(_KINDS), format_func=lambda each: _KINDS[each], horizontal=True)
    composite = _choose_composite()
    if composite is None:
        return
    with st.form("upload", border=True):
        image_file = st.file_uploader("Image", type=["tif", "tiff", "png", "npy", "h5", "hdf5"])
        map_file = st.file_uploader(
            "Energy map of the same field of view (optional)", type=["tif", "tiff", "npy"]
        )
        table_file = (
            st.file_uploader("Table `label,phase` (CSV)", type=["csv"]) if kind == "regions" else None
        )
        left, right = st.columns(2)
        sample = left.text_input("Sample")
        image = right.text_input("Image", placeholder="default: the file name")
        cathode = left.text_input("Cathode kind", placeholder="LCD, ECD, BLE, …")
        beamtime = right.text_input("Beamtime")
        pixel_nm = left.number_input(
            "Pixel size (nm)", min_value=0.0, value=None, placeholder="default: from the file"
        )
        phases = right.text_input("Phases", _phases_of(composite[1])) if kind == "phases" else ""
        replace = st.checkbox(
            "Replace the image of this name", help="What another file gave for it goes out of sight."
        )
        asked = st.form_submit_button("Ingest", type="primary", icon=":material/upload:")
    if asked:
        st.session_state.pop(_RUN, None)
        missing = _missing(image_file, table_file, kind, sample, phases, composite[1])
        if missing:
            st.error(missing)
        else:
            files = {
                name: keep_upload(file.name, file.getvalue())
                for name, file in (("image", image_file), ("map", map_file), ("table", table_file))
                if file is not None
            }
            named = {"sample": sample, "image": image, "cathode": cathode, "beamtime": beamtime}
            named["composite"] = composite[0]
            arguments = _arguments(kind, files, named, phases, pixel_nm, replace=replace)
            begun = CommandRun(arguments, f"ingest of {files['image'].name}")
            begun.start()
            st.session_state[_RUN], st.session_state[_FILES] = begun, list(files.values())
    run = st.session_state.get(_RUN)
    if isinstance(run, CommandRun):
        if run.has_ended(wait_s=_QUICK_S):
            _show_end(run)
        else:
            show_running(run, f"Running {as_text(run.title)} for {{seconds}} …", run.cancel)


def _choose_composite() -> tuple[str, Composite] | None:
    """Ask for the composite: what the command line takes, and what it is; None where there is none yet."""
    names = list(built_in_names())
    name = st.selectbox(
        "Composite",
        [*names, _OWN],
        index=names.index(SSB_CATHODE.name),
        format_func=lambda each: each if each == _OWN else f"{each}: {built_in(each).meaning}",
    )
    if name != _OWN:
        return name, built_in(name)
    file = st.file_uploader(
        "Composite (begin with `cathograph composites NAME > mine.yaml`)", type=["yaml", "yml"]
    )
    if file is None:
        return None
    kept = st.session_state.get(_COMPOSITE)
    if kept is None or kept[0] != file.file_id:
        kept = file.file_id, keep_upload(file.name, file.getvalue())
        st.session_state[_COMPOSITE] = kept
    path = str(kept[1])
    try:
        return path, read_composite(path)
    except CathographError as error:
        show_error(error)
        return None


def _phases_of(composite: Composite) -> str:
    return ",".join(f"{phase.code}={phase.name}" for phase in composite.all_phases)


def _missing(
    image_file: object, table_file: object, kind: str, sample: str, phases: str, composite: Composite
) -> str:
    """Name what the form lacks; empty if it is complete."""
    if image_file is None:
        return "Choose an image first."
    if not sample.strip():
        return "Enter the sample of the image."
    if kind == "regions" and table_file is None:
        return "Choose the table with the phase of each label."
    if kind == "phases" and "=" not in phases:
        return f"Enter the phase of each value, for instance {_phases_of(composite)}"
    return ""


def _arguments(
    kind: str,
    files: dict[str, Path],
    named: dict[str, str],
    phases: str,
    pixel_nm: float | None,
    *,
    replace: bool = False,
) -> list[str]:
    """Write the command line of the upload."""
    options = {f"--{name}": value.strip() for name, value in named.items() if value.strip()}
    options["--as"] = kind
    if kind != "image":
        options["--phases"] = str(files["table"]) if kind == "regions" else phases
    if pixel_nm:
        options["--pixel-size-nm"] = str(pixel_nm)
    if "map" in files:
        options["--energy-map"] = str(files["map"])
    flags = ["--replace"] if replace else []
    return [
        "ingest",
        "--json",
        *flags,
        *(f"{name}={value}" for name, value in options.items()),
        str(files["image"]),
    ]


def _show_end(run: CommandRun) -> None:
    outcomes = json.loads(run.output) if run.output.lstrip().startswith("[") else []
    if run.code == 0:
        st.success(f"{as_text(run.title)} is done. The other pages now include it.")
    else:
        for path in st.session_state.pop(_FILES, []):
            forget_upload(path)
        failed = [str(each["error"]) for each in outcomes if each.get("error")]
        why = "; ".join(failed) or run.error()
        st.error("Cancelled. Nothing incomplete is visible in the store." if run.cancelled else as_text(why))
    if outcomes:
        st.dataframe(pd.DataFrame(outcomes).drop(columns="file"), hide_index=True)
