"""The login of a dashboard: none on this machine, otherwise a password or a provider.

There is no default password, and no password on the command line, where all users of the machine could read it.
"""

import ipaddress
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from cathograph.dashboard.session.environment import VISITORS_PASSWORD
from cathograph.schema.errors import InputError

_SHORTEST_PASSWORD, _SHORTEST_COOKIE_SECRET = 8, 32
_OF_A_PROVIDER = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")


@dataclass(frozen=True)
class Login:
    """How visitors log in.

    Attributes
    ----------
    way : str
        ``none``, ``password`` (in the environment) or ``oidc``.
    secrets : Path or None
        Streamlit's secrets file, for ``oidc``.
    """

    way: str
    secrets: Path | None = None


def choose_login(host: str, secrets: Path | None) -> Login:
    """Choose the login: a provider if there is a secrets file, a password if one is set, else none.

    Parameters
    ----------
    host : str
        Address to listen on.
    secrets : Path or None
        File with the table ``[auth]`` that Streamlit reads, and ``[cathograph] users``.

    Raises
    ------
    InputError
        When other machines could reach the dashboard without a login, or the login is unusable.
    """
    if secrets is not None:
        _check_secrets(secrets)
        return Login("oidc", secrets.absolute())
    password = os.environ.get(VISITORS_PASSWORD)
    if password is not None:
        if len(password) < _SHORTEST_PASSWORD:
            msg = (
                f"Found {VISITORS_PASSWORD} with {len(password)} characters; expected at least "
                f"{_SHORTEST_PASSWORD}. Choose a longer one, or unset it to use the dashboard only on this machine."
            )
            raise InputError(msg)
        return Login("password")
    if not _is_loopback(host):
        msg = (
            f"Found --host {host} without a login; expected a login, because "
            "other machines can reach the dashboard. Set "
            f"{VISITORS_PASSWORD}, or use --secrets FILE for a provider (docs/dashboard.md)."
        )
        raise InputError(msg)
    return Login("none")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_secrets(path: Path) -> None:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"Found no readable secrets in {path} ({error}); expected a TOML file. See docs/dashboard.md."
        raise InputError(msg) from error
    given = found.get("auth")
    auth = given if isinstance(given, dict) else {}
    missing = [name for name in _OF_A_PROVIDER if not auth.get(name)]
    if missing:
        msg = (
            f"Found no {missing[0]} in [auth] of {path}; expected {', '.join(_OF_A_PROVIDER)}. "
            "See docs/dashboard.md."
        )
        raise InputError(msg)
    if len(str(auth["cookie_secret"])) < _SHORTEST_COOKIE_SECRET:
        msg = (
            f"Found a cookie_secret of {len(str(auth['cookie_secret']))} characters in {path}; expected at least "
            f"{_SHORTEST_COOKIE_SECRET}, because anyone who guesses it can "
            "log in as any user. Create one: openssl rand -hex 32."
        )
        raise InputError(msg)
    own = found.get("cathograph")
    users = own.get("users") if isinstance(own, dict) else None
    if not isinstance(users, list) or not users or not all(isinstance(each, str) for each in users):
        msg = (
            f"Found no list `users` in [cathograph] of {path}; expected e-mail addresses, "
            '"@domain" for all addresses of a domain, or "*" for all accounts of the provider.'
        )
        raise InputError(msg)
