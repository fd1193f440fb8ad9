"""The linter: one rule, one file, one class; families are folders."""
