"""Electrochemical states: an energy map laid over an image and summarised for each NMC particle.

Public names, by module (the options are in `cathograph.ingest.options`):

- `electrochemistry`: `measure_states`, the states of particles from pixels.
- `energy_map`: `open_energy_map`, `find_values_in_window`.
- `map_source`: `MapSource`, `MapFile`, `MapPage`, a map as it is named, opened and read.
- `map_matching`, `map_placement`: `match_map`, `MapPlacement`, the position of a map in an image.
- `measurement`: `analyse_map`, `add_map`, `write_map`, from a map file to stored rows.
"""
