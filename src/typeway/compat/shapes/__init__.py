"""Show FastAPI's objects to code that reads and replaces them."""
