"""Let unmodified FastAPI applications run on Typeway: `install()` makes `import fastapi` mean this package."""

from typeway.compat.importing.install import install as install

__all__ = ["install"]
