"""Electrochemical states: an energy map laid over an image and summarised for each NMC particle.

Public names, by module (imported one by one, because `state_method` is needed where no image code is installed):

- `state_method`: `StateMethod`, the options.
- `electrochemistry`: `measure_states`, the states of particles from pixels.
- `energy_map`: `open_energy_map`, `find_values_in_window`.
- `map_matching`, `map_placement`: `match_map`, `MatchingOptions`, `MapPlacement`, the position of a map in an image.
- `measurement`: `analyse_map`, `add_map`, `write_map`, from a map file to stored rows.
"""
