"""Read source: files, names, values and calls."""
