"""Predictions, their evaluation beside baselines, explanations and rankings.

Public names, by module: `prediction`: `Predictor`, `prediction_rows`; `evaluation`: `collect_tests`, `score`,
`compare`; `explanation`, `ranking`, `baselines`.
"""
