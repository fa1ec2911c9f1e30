"""Phases from strokes: a forest of random trees that learns from what a person painted on an image.

Public names, by module: `strokes`: `Painting`, `read_paintings`; `training`: `train_on_paintings`; `model_file`:
`PaintedModel`, `load_model`; `model_lookup`: `find_model`; `painted_segmenter`: `PaintedSegmenter`, `make_painted`;
`likeness`: `difference_from_painted`; `suggestion`: `suggest_patch`.
"""
