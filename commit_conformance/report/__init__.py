"""Reports: pure functions of a run's event log, and of nothing else.

``log`` reads a log and ``summary`` decides what it amounts to; ``terminal``, ``html``, ``junit`` show it; ``ruler``
makes holes in part lists visible; ``write`` puts files beside the log; ``progress`` tells of a run while it goes on.
Nothing here imports another room of the package, and everything a target sent is taken as hostile (``plain``).
"""
