"""TOML text to a topology and back: files, includes, overlays, places."""

from qtopo.source.loader import Loaded, read

__all__ = ["Loaded", "read"]
