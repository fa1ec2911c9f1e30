"""Statistics and figures as pure functions of tables and arrays."""
