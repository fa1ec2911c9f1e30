"""Ours beside its rivals, in one run."""
