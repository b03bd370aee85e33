"""Execution logs: what became of one request, line by line in AWS's words.

A stage's method settings ask for them (`loggingLevel` ERROR or INFO, `dataTraceEnabled`), and TestInvokeMethod answers
one. The decision falls at deployment: methods that are logged are compiled with two more Steps and with ports that
listen (`method.py`); the others have nothing of it.
"""
