"""The endpoints: each reads the request, calls a service and returns its result."""
