"""The models of request bodies and responses."""
