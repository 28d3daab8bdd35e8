"""Let `python -m typeway` do what the command `typeway` does."""

from typeway.cli import main

# Worker processes import this module again under another name.
if __name__ == "__main__":
    main()
