"""The subcommands of ``commit-conformance`` that take more than a line, a module each, and what they share.

``commit_conformance.cli`` declares them all. A command imports what it needs when it runs, so that ``--help`` is quick.
"""
