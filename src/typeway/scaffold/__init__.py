"""Make projects from a template, add parts to them, and bring them to a newer template."""
