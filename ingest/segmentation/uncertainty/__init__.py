"""How sure a segmentation is: of each particle, and of the numbers that people read off an image."""
