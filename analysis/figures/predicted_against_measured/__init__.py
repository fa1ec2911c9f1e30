"""Predictions of a model against measured states."""
