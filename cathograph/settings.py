"""Settings from the environment, in one place.

``NEO4J_URI``, ``NEO4J_USER``, ``NEO4J_PASSWORD`` name a server of the user's own;
``CATHOGRAPH_HOME`` (or ``--home``) names the folder in which the local server keeps its data.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cathograph.home_folder import HOME_VARIABLE, choose_home, default_home
from cathograph.schema.errors import InputError


def checked_home(given: object) -> Path:
    """Read the path of a home.

    Raises
    ------
    ValueError
        When it is empty: that would be the folder one happens to be in.
    """
    if not str(given).strip():
        msg = "an empty path, which would be the current folder; write . for that"
        raise ValueError(msg)
    return Path(str(given))


class Settings(BaseSettings):
    """Address of the database, and credentials.

    Attributes
    ----------
    neo4j_uri : str or None
        Address of a Neo4j server; None means the local server of `home`.
    neo4j_user, neo4j_password
        Credentials of that server.
    home : Path
        Folder of the local server.
    """

    # By alias only: by field name, `home` would read HOME.
    model_config = SettingsConfigDict(extra="ignore")

    neo4j_uri: str | None = Field(default=None, validation_alias="NEO4J_URI")
    neo4j_user: str = Field(default="neo4j", validation_alias=AliasChoices("NEO4J_USER", "NEO4J_USERNAME"))
    neo4j_password: SecretStr | None = Field(default=None, validation_alias="NEO4J_PASSWORD")
    home: Annotated[Path, BeforeValidator(checked_home)] = Field(
        default_factory=default_home,
        validation_alias=HOME_VARIABLE,
    )


def read_settings(home: Path | None = None) -> Settings:
    """Read the settings; `home` takes precedence over the environment.

    Raises
    ------
    InputError
        When a variable has an invalid value, or a server is named without its password.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        msg = (
            f"Found {fault['loc'][0]} with an invalid value "
            f"({fault['msg']}); expected a valid one. Correct that environment variable."
        )
        raise InputError(msg) from error
    if settings.neo4j_uri is not None and "@" in settings.neo4j_uri:
        msg = (
            "Found NEO4J_URI with a user or a password before the host; expected an address alone, such as "
            f"bolt://{settings.neo4j_uri.rpartition('@')[2]}. Set NEO4J_USER and NEO4J_PASSWORD for the others."
        )
        raise InputError(msg)
    if settings.neo4j_uri is not None and settings.neo4j_password is None:
        msg = (
            f"Found NEO4J_URI={settings.neo4j_uri} without a password; expected NEO4J_PASSWORD as well. "
            "Set it, or unset NEO4J_URI to use the local server."
        )
        raise InputError(msg)
    if home is not None:
        settings = settings.model_copy(update={"home": home})
    settings = settings.model_copy(update={"home": settings.home.expanduser().absolute()})
    choose_home(settings.home)
    return settings
