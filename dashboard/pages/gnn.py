"""The page GNN: the predictions of a trained model, compared with measured states."""

import json

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.figure import STATE_NOTE, label_of
from cathograph.analysis.figures.predicted_against_measured import (
    SPLIT_NAMES,
    plot_learning_curves,
    plot_predicted_over_measured,
    plot_residuals_over_image,
)
from cathograph.analysis.tables.particle_table import STATES
from cathograph.analysis.tables.prediction_errors import prediction_errors, residuals_of
from cathograph.dashboard.session import store
from cathograph.dashboard.session.command_run import CommandRun
from cathograph.dashboard.session.model_cards import ModelCard, find_card
from cathograph.dashboard.session.phases import legend_of
from cathograph.dashboard.session.selection import current_selection, image_ids
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_empty_store, show_no_predictions, show_nothing_left
from cathograph.dashboard.widgets.plain_text import as_text

_TARGETS = {state: f"{label_of(state).partition(':')[0]} (eV)" for state in STATES}
_EXPLANATION = "explanation"


def page() -> None:
    """Lay out the page."""
    st.title("GNN")
    models = store.table("prediction_models")
    if models.empty:
        if store.images().empty:
            show_empty_store()
        else:
            show_no_predictions()
        return
    names = [_name_of(model) for _, model in models.iterrows()]
    left, middle, right = st.columns([2, 2, 3])
    place = left.selectbox("Model", range(len(names)), format_func=lambda each: names[each])
    target = middle.selectbox("State", list(_TARGETS), format_func=lambda each: _TARGETS[each], index=1)
    splits = right.pills(
        "Images", list(SPLIT_NAMES), selection_mode="multi", default=["test", "none"],
        format_func=SPLIT_NAMES.__getitem__,
        help="Only test images and images not used in training show how good a model is.",
    )  # fmt: skip
    model_hash = str(models["model_hash"].iloc[place or 0])
    selection = current_selection()
    everything = store.table("predictions", selection)
    predictions = everything[everything["model_hash"] == model_hash]
    predictions = predictions[predictions["split"].isin(splits or list(SPLIT_NAMES))]
    if predictions.empty:
        show_nothing_left()
        return
    residuals = residuals_of(predictions, target or "heterogeneity_ev")
    actives = legend_of(store.images(current_selection())).write("{actives}")
    _show_errors(residuals, target or "heterogeneity_ev", len(predictions), actives)
    card = find_card(model_hash)
    scatter, image, learning, why = st.tabs(
        ["Predicted and measured", "Residuals in an image", "Learning curve", "Explanation"]
    )
    with scatter:
        st.plotly_chart(
            plot_predicted_over_measured(
                residuals, target or "heterogeneity_ev", _TARGETS[target or "heterogeneity_ev"]
            )
        )
        table_downloads(predictions, "predictions")
    with image:
        _show_image(residuals, actives)
    with learning:
        _show_learning(card)
    with why:
        _show_explanation(predictions, target or "heterogeneity_ev", card)
    st.caption(STATE_NOTE)


def _name_of(model: pd.Series) -> str:
    """Write what tells a model from others: its name, its hash and the absorption edge of its states."""
    edge = f", {model['element']} {model['edge']}" if isinstance(model["element"], str) else ""
    return f"{model['model']} ({str(model['model_hash'])[:8]}{edge})"


def _show_errors(residuals: pd.DataFrame, target: str, n_predicted: int, actives: str) -> None:
    errors = prediction_errors(residuals, target)
    with st.container(horizontal=True):
        st.metric(f"{actives} predicted", f"{n_predicted:,}", border=True, width=168)
        st.metric("also measured", f"{errors.n:,}", border=True, width=168)
        if errors.n:
            st.metric("RMSE (eV)", f"{errors.rmse_ev:.3f}", border=True, width=168)
            st.metric("MAE (eV)", f"{errors.mae_ev:.3f}", border=True, width=168)
            st.metric("R²", f"{errors.r2:.2f}", border=True, width=168)


def _show_image(residuals: pd.DataFrame, actives: str) -> None:
    if residuals.empty:
        st.info(f"None of these {actives} has a measured state, so there are no residuals.")
        return
    ids = image_ids(residuals)
    names = dict(zip(ids, residuals["sample"] + " · " + residuals["image"], strict=True))
    chosen = st.selectbox("Image", list(names), format_func=names.__getitem__, key="residual_image")
    particles = store.particles()
    st.plotly_chart(plot_residuals_over_image(residuals[ids == chosen], particles))


def _show_learning(card: ModelCard | None) -> None:
    if card is None:
        _say_no_folder()
        return
    if card.curves:
        st.plotly_chart(plot_learning_curves(card.curves))
    st.markdown("Networks of the ensemble. Each keeps the weights of its best epoch.")
    st.dataframe(card.networks, hide_index=True)


def _show_explanation(predictions: pd.DataFrame, target: str, card: ModelCard | None) -> None:
    """Lay out the contributions of contacts and neighbours to the prediction for one particle."""
    if card is None:
        _say_no_folder()
        return
    keys = predictions["key"].tolist()
    names = {
        key: f"{sample} · {image}, particle {label}"
        for key, sample, image, label in zip(
            keys, predictions["sample"], predictions["image"], predictions["label"], strict=True
        )
    }
    key = st.selectbox("Particle", keys, format_func=lambda each: names[each])
    if st.button("Explain", icon=":material/lightbulb:") and key:
        arguments = ["gnn", "explain", f"--particle={key}", f"--target={target}", f"--model={card.folder}"]
        run = CommandRun([*arguments, "--json"], f"{target} of {names[key]}")
        run.start()
        with st.spinner("Removing one contact after the other …"):
            run.has_ended(wait_s=120)
        st.session_state[_EXPLANATION] = run
    found = st.session_state.get(_EXPLANATION)
    if not isinstance(found, CommandRun):
        st.caption(
            "Contacts and neighbours are removed one at a time. This explains the model, not the electrode."
        )
    elif found.code != 0:
        st.error(as_text(found.error()))
    else:
        explained = json.loads(found.output)
        st.markdown(f"{as_text(found.title)}: predicted {explained['predicted_ev']:.4g} eV")
        for part in ("contacts", "neighbours"):
            st.markdown(f"Contributions of its {part}")
            st.dataframe(pd.DataFrame(explained[part]), hide_index=True)


def _say_no_folder() -> None:
    st.info("The folder of this model was not found.", icon=":material/folder_off:")
    st.markdown(
        "Start `cathograph dashboard` in the directory in which `cathograph gnn train` created the folder of the model."
    )
