"""Describe what is stored."""
