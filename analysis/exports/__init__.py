"""The particle graph as files that other programs read, and read back as it was."""
