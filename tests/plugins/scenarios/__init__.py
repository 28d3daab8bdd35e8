"""Applications that use a plugin of FastAPI as its documentation shows: each runs on FastAPI and on Typeway alike.

A scenario is a module with a function `play()` that returns what clients and operators see, as JSON values. It imports
`fastapi` and the plugin as any application does, and knows nothing of Typeway.
"""
