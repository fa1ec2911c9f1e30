"""Label images: the regions of each phase, their numbering, their splitting and their shapes."""
