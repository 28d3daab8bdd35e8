"""Say which release this is; the build reads the number from here and nowhere else."""

__version__ = "0.1.0"
