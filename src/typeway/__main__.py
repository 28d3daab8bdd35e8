"""Run the command `typeway` by `python -m typeway`."""

from typeway.cli import main

# Worker processes import this module again under another name.
if __name__ == "__main__":
    main()
