"""Edge-energy maps from stacks of absorbance images: normalisation, fits, quality, registration.

Public names, by module (imported one by one; drawing needs matplotlib, fitting does not):

- `edge_energy_map`: `make_edge_energy_map`, the whole way from a stack to a map; `MapRecipe`, `EdgeEnergyMap`.
- `methods`: `Method`; one module a fit: `white_line`, `half_height`, `gaussian_peak`,
  `linear_combination`.
- `normalisation`: `Normalisation`, `plan_normalisation`, `normalise_spectra`.
- `fitting`: `fit_stack`, `gather_spectra`, block by block.
- `absorption_difference`: `find_absorption_difference`, of two energies.
- `bad_values`, `mending`: dead values, zingers and repeated values, found and left out.
- `energy_calibration`, `references`: `calibrate`, `uncalibrated`, `EnergyCalibration`, `read_references`.
- `registration`, `alignment`: `find_drift`, `register_stack` in space; `find_energy_shift` in energy.
- `similarity`, `outlines`, `magnification`: what registration is made of.
- `quality`: `QualityLimits`, `mask_pixels`.
- `map_file`, `fit_pictures`: what is written.
"""
