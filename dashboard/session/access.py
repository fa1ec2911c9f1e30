"""Who may see the pages: anyone on this machine, or visitors with the password or with an account of a provider.

``cathograph dashboard`` names the kind of login in the environment, and serves other machines only with a password or
a provider. There is no default password. A wrong password costs one second for all sessions together, so that guessing
is slow.
"""

import hmac
import os
import threading
import time
from enum import StrEnum

import streamlit as st

from cathograph.dashboard.session.environment import LOGIN, VISITORS_PASSWORD

_GRANTED = "access_granted"
_WRONG_PASSWORD_S = 1.0


class LoginKind(StrEnum):
    """How visitors log in."""

    NONE = "none"
    PASSWORD = "password"  # noqa: S105  the name of a kind
    PROVIDER = "oidc"


def is_granted() -> bool:
    """Tell whether this session may see the pages."""
    kind = login_kind()
    if kind is LoginKind.PROVIDER:
        return bool(st.user.is_logged_in) and _is_invited()
    return kind is LoginKind.NONE or bool(st.session_state.get(_GRANTED))


def login_kind() -> LoginKind:
    """Read the kind of login from the environment."""
    named = os.environ.get(LOGIN)
    if named:
        return LoginKind(named)
    return LoginKind.PASSWORD if os.environ.get(VISITORS_PASSWORD) else LoginKind.NONE


def try_password(given: str) -> bool:
    """Grant access to this session if the password is right; a wrong one takes a second."""
    expected = os.environ.get(VISITORS_PASSWORD, "")
    with _one_at_a_time():
        if expected and hmac.compare_digest(given.encode(), expected.encode()):
            st.session_state[_GRANTED] = True
            return True
        time.sleep(_WRONG_PASSWORD_S)
        return False


def _is_invited() -> bool:
    """Tell whether the account is on the list in the secrets: an address, ``@domain``, or ``*`` for all."""
    invited = [str(each).casefold() for each in st.secrets["cathograph"]["users"]]
    if "*" in invited:
        return True
    address = str(st.user.get("email") or "").casefold()
    if not address or st.user.get("email_verified") is False:
        return False
    return address in invited or f"@{address.rpartition('@')[2]}" in invited


@st.cache_resource(show_spinner=False)
def _one_at_a_time() -> threading.Lock:
    return threading.Lock()
