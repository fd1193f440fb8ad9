"""What a problem is, and how it is shown: one module per output format."""

from qtopo.diagnostics.diagnostic import Diagnostic, Related, place

__all__ = ["Diagnostic", "Related", "place"]
