"""Define the version; the build reads it from here and from nowhere else."""

__version__ = "0.1.0"
