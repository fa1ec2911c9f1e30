"""Pages of the site that are written from the code when the site is built, so that they cannot go stale."""
