"""Faults made on purpose, and counted: what they lost, doubled, showed half, said badly, or brought to a halt."""
