"""Make `import fastapi` import Typeway, in this process and in its children."""
