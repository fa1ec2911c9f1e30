"""Reading from a store: the guarded runner and whole tables as columns."""
