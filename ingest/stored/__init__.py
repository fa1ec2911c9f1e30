"""Images that are in the store already, read again from their files: pixels, pictures, checks.

Public names, by module: `stored_image`: `stored_regions`; `source_files`: `find_source_files`;
`field_pictures`: `read_field`, `FieldPictures`; `verification`: `verify`.
"""
