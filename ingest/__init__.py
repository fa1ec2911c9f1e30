"""From images to label images, particles, contacts, rows and the database."""
