"""Programs that a benchmark starts beside itself; all but `presses` run in the portal's Python."""
