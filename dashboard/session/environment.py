"""Names of the environment variables through which ``cathograph dashboard`` configures the process of the pages.

Both processes read the names here, so this module imports nothing. Users set only the password of the visitors.
"""

OURS_ALONE = "CATHOGRAPH_DASHBOARD_"
"""Common prefix; commands run by pages get none of these variables."""

URI, USER, PASSWORD = (f"{OURS_ALONE}NEO4J_{name}" for name in ("URI", "USER", "PASSWORD"))
"""The database."""

LOGIN = f"{OURS_ALONE}LOGIN"
"""``none``, ``password`` or ``oidc``; unset is ``password`` where one is set."""

VISITORS_PASSWORD = f"{OURS_ALONE}PASSWORD"
"""The password of a shared deployment."""

FILES = f"{OURS_ALONE}FILES"
"""Folders to search for files that were moved after the ingest, separated as in ``PATH``."""
