"""The trained segmenter: a U-Net with dual attention. Nothing outside this room imports PyTorch for it.

Public names, by module (imported one by one, because PyTorch takes seconds to load): `unet_segmenter`: `make_unet`,
`UNetSegmenter`; `training`: `train_network`; `mask_evaluation`: `evaluate`; `model_lookup`: `find_model`, where
models lie; `weights`: `load_model`, `save_model`; `pairs`: `read_pairs`, annotated images.
"""
