"""Predictions, their evaluation beside baselines, explanations and rankings."""
