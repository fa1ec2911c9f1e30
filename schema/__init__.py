"""The vocabulary: phases, node and relationship types, keys, errors. Pure Python."""
