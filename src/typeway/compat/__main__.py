"""Run a program in which `import fastapi` means Typeway: `python -m typeway.compat script.py`."""

import sys

from typeway.compat.importing.launch import run

if __name__ == "__main__":
    run(sys.argv[1:])
