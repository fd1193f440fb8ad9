"""Reads settings from Python source without running it.

`files` finds modules, `statements` follows assignments, `expressions` computes
values, `calls` knows the calls that settings are made of. Nothing is imported and
nothing is called: what cannot be computed is an `Unknown` that quotes its source.
"""
