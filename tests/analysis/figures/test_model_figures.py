"""Figures of models: what is counted, what is said where nothing can be drawn."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from cathograph.analysis.figures.explanation import draw_explanation
from cathograph.analysis.figures.predicted_against_measured import (
    draw_predicted_against_measured,
    newest_model,
)
from cathograph.schema.composites import SSB_CATHODE, built_in
from cathograph.schema.errors import InputError

STATES = ("soc_ev", "heterogeneity_ev", "polarization_ev")


def predictions(**changes):
    """Four NMC; those of the test image are off by 0.1 eV and -0.1 eV, the trained ones by 9."""
    measured = [8343.0, 8345.0, 8343.0, 8345.0]
    table = pd.DataFrame(
        {
            "sample": "s$_{1", "image": ["a", "a", "b", "b"], "label": [1, 2, 1, 2], "model": "m", "model_hash": "h",
            "split": ["test", "test", "train", "train"],
            "predicted": pd.Timestamp("2026-01-01", tz="UTC"),
        }
    )  # fmt: skip
    for state in STATES:
        table[state] = measured
        table[f"{state}_predicted"] = np.add(measured, [0.1, -0.1, 9, 9])
    return table.assign(**changes)


def titles(printed):
    return [axis.get_title() for axis in printed.drawing.axes]


def test_only_test_particles_count():
    """RMSE and MAE 0.1; squares of errors 0.02 over 2 of the spread: R² 0.99."""
    printed = draw_predicted_against_measured(predictions())
    assert titles(printed) == ["test: 2 NMC, R² 0.99\nRMSE 0.1, MAE 0.1 eV"] * 3
    assert len(printed.table) == 4
    assert "relative positions" in printed.caption


def test_a_model_without_test_particles_gets_no_numbers():
    assert titles(draw_predicted_against_measured(predictions(split="train")))[0].startswith(
        "test: 0 NMC, too few"
    )


def test_states_that_were_not_predicted_have_no_panel():
    printed = draw_predicted_against_measured(predictions(soc_ev_predicted=np.nan))
    assert len(printed.drawing.axes) == 2
    nothing = draw_predicted_against_measured(predictions(**dict.fromkeys(STATES, np.nan)))
    assert "cathograph gnn predict" in nothing.missing


def test_selections_side_by_side_and_one_of_them_empty(tmp_path):
    selection = pd.Categorical(["x$_{"] * 4, categories=["x$_{", "y"])
    printed = draw_predicted_against_measured(predictions().assign(selection=selection))
    assert len(printed.drawing.axes) == 6
    for path in printed.save(tmp_path):
        assert path.stat().st_size > 0


def test_the_newest_model_is_shown():
    older, newer = predictions(), predictions(model_hash="n", predicted=pd.Timestamp("2026-02-01", tz="UTC"))
    both = pd.concat([newer, older], ignore_index=True)
    assert set(newest_model(both)["model_hash"]) == {"n"}
    assert newest_model(both.iloc[:0]).empty
    with pytest.raises(InputError, match="model_hash"):
        newest_model(both.drop(columns="model_hash"))


PARTICLES = pd.DataFrame(
    {
        "label": [1, 2, 3], "phase": ["NMC", "SSE", "Graphite"], "centroid_y": [2.0, 2.0, 6.0],
        "centroid_x": [2.0, 6.0, 4.0], "equivalent_diameter_um": [0.3, 0.3, 0.3],
    }
)  # fmt: skip
CONTACTS = pd.DataFrame({"label_a": [1, 1], "label_b": [2, 3], "contribution_ev": [0.2, -0.1]})
NEIGHBOURS = pd.DataFrame({"label": [2, 3], "contribution_ev": [0.3, -0.1]})


@pytest.mark.parametrize(
    "labels", [None, np.pad(np.array([[1, 0, 2], [0, 3, 0]]), 2), np.ones((2, 3, 4), int)]
)
@pytest.mark.parametrize("empty", [False, True])
def test_an_explanation_is_drawn(tmp_path, labels, empty):
    rows = slice(0, 0) if empty else slice(None)
    figure = draw_explanation(
        PARTICLES, CONTACTS.iloc[rows], NEIGHBOURS.iloc[rows], label=1, target="soc_ev", pixel_size_um=0.1,
        composite=SSB_CATHODE, labels=labels,
    )  # fmt: skip
    figure.savefig(tmp_path / "why.png")
    assert "NMC 1" in figure.axes[0].get_title()


def test_an_explanation_has_the_colours_of_its_composite():
    composite = built_in("sofc-electrode")
    particles = PARTICLES.assign(phase=["Ni", "YSZ", "Pore"])
    figure = draw_explanation(
        particles, CONTACTS, NEIGHBOURS, label=1, target="soc_ev", pixel_size_um=0.1, composite=composite
    )
    axis = figure.axes[0]
    assert "Ni 1" in axis.get_title()
    assert {text.get_text() for text in axis.get_legend().get_texts()} == {"YSZ", "Ni", "Pore"}
    outlines = [to_hex(patch.get_edgecolor()) for patch in axis.patches]
    assert outlines == [composite.phase(name).colour for name in particles["phase"]]


def test_an_explanation_needs_its_columns():
    with pytest.raises(InputError, match="contribution_ev"):
        draw_explanation(
            PARTICLES,
            CONTACTS.drop(columns="contribution_ev"),
            NEIGHBOURS,
            label=1,
            target="soc_ev",
            pixel_size_um=1.0,
            composite=SSB_CATHODE,
        )
