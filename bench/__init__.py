"""Measures the numbers that Portico promises, next to its peers: `python -m bench`, or `make bench`.

CPU time per request is what the rows about speed compare: on a shared machine throughput is noise, and CPU time is
nearly not. The server under test runs on one core, the load generator and the backend on another, and servers are
compared inside one run only, in turns. Nothing here gates a change: the tests do that without a clock.
"""
