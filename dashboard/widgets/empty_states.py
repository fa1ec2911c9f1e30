"""What a page says where there is nothing to show: what is missing, and what to do next."""

import streamlit as st

from cathograph.dashboard.widgets.plain_text import as_text
from cathograph.schema.errors import CathographError


def show_no_database(error: CathographError) -> None:
    """Say that the database does not answer."""
    st.title("No database")
    st.error(as_text(error), icon=":material/cloud_off:")
    st.markdown(
        "Start it with `cathograph db start`, or start the dashboard anew with `cathograph dashboard`, "
        "then reload this page. `cathograph doctor` tells what is there and what is missing."
    )
    st.button("Try again", icon=":material/refresh:")


def show_error(error: CathographError) -> None:
    """Say what could not be done; our messages tell what was found, expected, and what to do."""
    st.error(as_text(error), icon=":material/error:")


def show_empty_store() -> None:
    """Say that nothing was ingested yet."""
    st.info("There are no images in this database yet.", icon=":material/inventory_2:")
    st.markdown(
        "Bring in the first one on the page **Ingest**, or from a terminal:\n\n"
        "- `cathograph ingest FILE.tif --sample ID` for one file,\n"
        "- `cathograph init-beamtime DIR` and `cathograph watch DIR` for a folder that fills,\n"
        "- `cathograph demo` for made data in a database of their own."
    )


def show_nothing_left() -> None:
    """Say that the filter leaves nothing."""
    st.info("The filter leaves nothing to show.", icon=":material/filter_alt_off:")
    st.markdown("Take something out of the filter in the sidebar; an empty field means all.")


def show_no_energy_maps() -> None:
    """Say that no energy map belongs to what is selected."""
    st.info(
        "No energy map belongs to these images, so their NMC have no measured state.",
        icon=":material/layers_clear:",
    )
    st.markdown(
        "Add one with `cathograph ingest-map MAP --sample ID --image ID`, or make one from a stack with "
        "`cathograph xanes fit STACK`. Or select images that have one."
    )


def show_no_metrics() -> None:
    """Say that network metrics were not computed."""
    st.info("Network metrics of these images are not computed yet.", icon=":material/hub:")
    st.markdown("Compute them with `cathograph metrics`, then reload this page.")


def show_no_predictions() -> None:
    """Say that there is no model yet."""
    st.info("No model has made a prediction for these images yet.", icon=":material/psychology:")
    st.markdown(
        "Train one with `cathograph gnn train` and let it predict with `cathograph gnn predict`. "
        "It learns from images with an energy map."
    )
