"""The trained segmenter: a U-Net with dual attention. Nothing outside this package imports torch for it."""
