"""Splits, scaling, fitting and model files."""
