"""The pages a group opens in a browser. Layout only: numbers come from queries and analysis."""
