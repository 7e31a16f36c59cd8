"""What several runs say together.

``diff`` and ``history`` compare them, ``merge`` joins shards, ``fingerprint`` takes out of one run what can be compared
with another.
"""
