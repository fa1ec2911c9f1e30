"""Splits, scaling, training and model files.

Public names, by module: `network_training`: `train_network`, `TrainingSettings`; `ensemble`: `train_model`;
`splits`: `Split`; `model_files`: `save_model`, `load_model`, `TrainedModel`.
"""
