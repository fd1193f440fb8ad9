"""A topology as plain values: settings and processes, nothing about files."""
