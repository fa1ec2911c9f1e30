"""Who may see the pages: anyone on this machine, whoever knows the password, or whom a provider names.

``cathograph dashboard`` says which in the environment and listens beyond this machine only with one of the
latter two. There is no default password. A wrong one costs a second, for all sessions together, so that
guessing is slow.
"""

import hmac
import os
import threading
import time

import streamlit as st

from cathograph.dashboard.session.environment import LOGIN, VISITORS_PASSWORD

_GRANTED = "access_granted"
_WRONG_PASSWORD_S = 1.0


def is_granted() -> bool:
    """Tell whether this session may see the pages."""
    way = _way()
    if way == "oidc":
        return bool(st.user.is_logged_in) and _is_invited()
    return way == "none" or bool(st.session_state.get(_GRANTED))


def ask() -> None:
    """Lay out the way in, in place of the pages."""
    st.title("Cathograph")
    if _way() == "oidc":
        _ask_provider()
    else:
        _ask_password()


def offer_logout() -> None:
    """Offer to leave, where one had to log in."""
    if _way() == "oidc":
        st.button("Log out", on_click=st.logout, icon=":material/logout:")


def _way() -> str:
    return os.environ.get(LOGIN) or ("password" if os.environ.get(VISITORS_PASSWORD) else "none")


def _ask_provider() -> None:
    if st.user.is_logged_in:
        st.error("This account is not among those that may see this dashboard.", icon=":material/block:")
        st.button("Log out", on_click=st.logout, icon=":material/logout:")
    else:
        st.button("Log in", on_click=st.login, type="primary", icon=":material/login:")


def _is_invited() -> bool:
    """Tell whether the account is on the list in the secrets: an address, ``@domain``, or ``*`` for all."""
    invited = [str(each).casefold() for each in st.secrets["cathograph"]["users"]]
    if "*" in invited:
        return True
    address = str(st.user.get("email") or "").casefold()
    if not address or st.user.get("email_verified") is False:
        return False
    return address in invited or f"@{address.rpartition('@')[2]}" in invited


def _ask_password() -> None:
    with st.form("access"):
        given = st.text_input("Password", type="password")
        asked = st.form_submit_button("Enter", type="primary")
    if not asked:
        return
    if _is_right(given):
        st.session_state[_GRANTED] = True
        st.rerun()
    st.error("This is not the password.", icon=":material/block:")


def _is_right(given: str) -> bool:
    expected = os.environ.get(VISITORS_PASSWORD, "")
    with _turnstile():
        if expected and hmac.compare_digest(given.encode(), expected.encode()):
            return True
        time.sleep(_WRONG_PASSWORD_S)
        return False


@st.cache_resource(show_spinner=False)
def _turnstile() -> threading.Lock:
    return threading.Lock()
