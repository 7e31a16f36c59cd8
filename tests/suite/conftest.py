"""How Hypothesis draws in this project's own tests.

The same examples each time, so that a red build is about the change and not about luck. HYPOTHESIS_EXPLORE=1 draws new
ones, and keeps those that fail.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("HYPOTHESIS_EXPLORE") else "repeatable")
