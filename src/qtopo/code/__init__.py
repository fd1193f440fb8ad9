"""Reads a Python project without running it, and holds it against a topology."""
