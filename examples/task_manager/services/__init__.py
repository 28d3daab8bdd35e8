"""The business rules of the application, independent of HTTP."""
