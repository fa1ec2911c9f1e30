"""How sure a segmentation is: for each particle, and for the numbers that are derived from an image.

Public names, by module: `passes`: `run_passes`; `intervals`: `Spread`, `Margins`;
`interval_calibration`: `IntervalCalibration`, `read_calibration`, `write_calibration`; `calibrating`:
`calibrate_on_pairs`. `intervals` loads no image code, because the options of an ingest need it.
"""
