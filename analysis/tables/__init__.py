"""Tables of a store as data frames, with the words and units of their columns."""
