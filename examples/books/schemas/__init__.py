"""Describe what clients send and what they receive."""
