"""`python -m qtopo`."""

from qtopo.cli.main import run

if __name__ == "__main__":
    run()
