"""A server under test: how to reach it, what it can do, what was uploaded to it, and how to leave it as it was.

``settings``      what the user says of the target
``api``           the companion calls: folders, files, sessions and parts
``capabilities``  what the target can do, found out by asking
``upload``        one upload session with its bytes
``bank``          hands out uploads and reuses them
``long_upload``   uploads of many parts or many bytes, whose file is never in memory as a whole
``ledger``        what was created, written down before it is asked for; cleanup and sweep
``connect``       all of the above for one run
``embedded``      the reference service as a target, without a socket

Nothing here judges: answers are passed on as they came.
"""
