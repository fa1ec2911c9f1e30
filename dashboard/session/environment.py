"""What ``cathograph dashboard`` tells the process that serves the pages: the names of environment variables.

Both sides read the names here, so this imports nothing. Only the password of the visitors is set by people.
"""

OURS_ALONE = "CATHOGRAPH_DASHBOARD_"
"""How all of them begin; commands that pages run get none."""

URI, USER, PASSWORD = (f"{OURS_ALONE}NEO4J_{name}" for name in ("URI", "USER", "PASSWORD"))
"""The database."""

LOGIN = f"{OURS_ALONE}LOGIN"
"""``none``, ``password`` or ``oidc``; unset is ``password`` where one is set."""

VISITORS_PASSWORD = f"{OURS_ALONE}PASSWORD"
"""The password of a shared deployment."""

FILES = f"{OURS_ALONE}FILES"
"""Folders with files that are not where they were ingested from, parted as a path is."""
