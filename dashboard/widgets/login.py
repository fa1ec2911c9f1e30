"""The login in place of the pages, and the button to log out."""

import streamlit as st

from cathograph.dashboard.session.access import LoginKind, login_kind, try_password


def ask_to_log_in() -> None:
    """Lay out the login."""
    st.title("Cathograph")
    if login_kind() is LoginKind.PROVIDER:
        _ask_provider()
    else:
        _ask_password()


def offer_logout() -> None:
    """Lay out the button to log out, if there is a login with a provider."""
    if login_kind() is LoginKind.PROVIDER:
        st.button("Log out", on_click=st.logout, icon=":material/logout:")


def _ask_provider() -> None:
    if st.user.is_logged_in:
        st.error("This account may not see this dashboard.", icon=":material/block:")
        offer_logout()
    else:
        st.button("Log in", on_click=st.login, type="primary", icon=":material/login:")


def _ask_password() -> None:
    with st.form("access"):
        given = st.text_input("Password", type="password")
        asked = st.form_submit_button("Enter", type="primary")
    if not asked:
        return
    if try_password(given):
        st.rerun()
    st.error("Wrong password.", icon=":material/block:")
