"""The stored data."""
