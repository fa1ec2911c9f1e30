"""Messages of a page that has nothing to show: what is missing and what to do next."""

from collections.abc import Sequence

import streamlit as st

from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.dashboard.session.address import forget_names
from cathograph.dashboard.widgets.plain_text import as_text
from cathograph.schema.errors import CathographError


def show_no_database(error: CathographError) -> None:
    """Show that the database does not answer."""
    st.title("No database")
    st.error(as_text(error), icon=":material/cloud_off:")
    st.markdown(
        "Start the database with `cathograph db start`, or restart the dashboard with `cathograph dashboard`. Then "
        "reload this page. `cathograph doctor` checks the installation."
    )
    st.button("Try again", icon=":material/refresh:")


def show_error(error: CathographError) -> None:
    """Show an error; its message says what was found, what was expected and what to do."""
    st.error(as_text(error), icon=":material/error:")


def show_empty_store() -> None:
    """Show that nothing was ingested yet."""
    st.info("There are no images in this database yet.", icon=":material/inventory_2:")
    st.markdown(
        "Upload the first image on the page **Ingest**, or use a terminal:\n\n"
        "- `cathograph ingest FILE.tif --sample ID` ingests one file.\n"
        "- `cathograph init-beamtime DIR` and `cathograph watch DIR` ingest all files that arrive in a folder.\n"
        "- `cathograph demo` creates synthetic data in a separate database."
    )


def show_nothing_left() -> None:
    """Show that nothing matches the filter."""
    st.info("Nothing matches the filter.", icon=":material/filter_alt_off:")
    st.markdown("Remove a condition from the filter in the sidebar. An empty field means no condition.")


def show_unknown_names(unknown: Sequence[tuple[str, str]]) -> None:
    """Show that the address names what the store does not have, and no data of others in its place.

    Parameters
    ----------
    unknown : sequence of tuple of str and str
        What each is, and its name.
    """
    st.title("Not in this database")
    st.error(
        f"The address of this page names {', '.join(f'the {what} {as_text(name)}' for what, name in unknown)}.",
        icon=":material/link_off:",
    )
    st.markdown("It may have been deleted or renamed, or the link may be from another database.")
    st.button("Show all data", on_click=forget_names, icon=":material/filter_alt_off:")


def show_no_energy_maps(legend: PhaseLegend) -> None:
    """Show that the selected images have no energy map."""
    st.info(
        legend.write("These images have no energy map, so the states of their {actives} are not known."),
        icon=":material/layers_clear:",
    )
    st.markdown(
        "Add an energy map with `cathograph ingest-map MAP --sample ID "
        "--image ID`, or compute one from an energy stack "
        "with `cathograph xanes fit STACK`. You can also select images that have an energy map."
    )


def show_no_metrics() -> None:
    """Show that network metrics were not computed."""
    st.info("The network metrics of some of these images have not been computed.", icon=":material/hub:")
    st.markdown("Compute them with `cathograph metrics`, then reload this page.")


def show_no_predictions() -> None:
    """Show that no model has made predictions."""
    st.info("There are no predictions for these images yet.", icon=":material/psychology:")
    st.markdown(
        "Train a model with `cathograph gnn train`, then run `cathograph gnn predict`. Training needs images with an "
        "energy map."
    )
