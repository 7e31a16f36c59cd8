"""A right client, the mistakes a client can make, one that does nothing, and drivers that go wrong.

They test the rules for clients: the right one breaks none, each mistake breaks the rule it is about, and the one that
does nothing passes nothing. ``python -m commit_conformance.clients.plain`` is the driver of all of them; it is also
what a driver looks like. Nothing of the suite is used here but the standard library, so that a mistake in one is not
hidden by the other.
"""
