"""Compare what a request costs: Typeway, other frameworks, and hand-written ASGI that does the same work."""
