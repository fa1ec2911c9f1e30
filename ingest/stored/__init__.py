"""Images that are in the store already, read again from their files: pixels, pictures, checks."""
