"""Mends what the findings of a topology say how to mend."""
