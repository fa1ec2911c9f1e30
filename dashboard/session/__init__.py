"""What one browser session holds: access, selection, tables and pixels, running queries and commands."""
