"""Reports: pure functions of the event logs of runs, and of nothing else.

``log`` reads a log into the values of ``events``, ``verdicts`` and ``exchanges``; ``summary`` decides what it amounts
to. ``terminal`` shows it, ``write`` makes files of it: ``html/`` the page, ``formats/`` all others. ``ruler/`` makes
holes in part lists visible, ``runs/`` reads several logs at once, ``progress`` tells of a run while it goes on. Nothing
here imports another room of the package, and everything a target sent is taken as hostile (``plain``).
"""
