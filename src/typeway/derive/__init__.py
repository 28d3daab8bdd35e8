"""Derive models from a model."""
