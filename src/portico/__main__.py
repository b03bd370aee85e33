"""`python -m portico`: the same as `portico`."""

from portico.cli import main

main()
