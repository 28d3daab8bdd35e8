"""Answer requests: each endpoint reads the request, calls a service and returns what it says."""
