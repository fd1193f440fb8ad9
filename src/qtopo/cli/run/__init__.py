"""Runs processes in the foreground: starts, prefixes what they print, and stops them gently."""
