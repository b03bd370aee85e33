"""The composition root: the one place that knows everybody, and picks adapters.

`start` is what the command line calls; it becomes the supervisor's program (`__main__`), whose children are put
together by `control` and `worker`.
"""
