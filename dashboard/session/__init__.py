"""What one browser session holds: store, filter, pictures, running commands."""
