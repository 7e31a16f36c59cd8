"""What Locust is pointed at: ``locust -f``, on one machine or on many.

The target and its token come from the variables of the environment, or the profile, that a run reads as well.
"""

from __future__ import annotations

import sys

from commit_conformance.specs import suite_root

if str(suite_root()) not in sys.path:  # where the strategies lie
    sys.path.insert(0, str(suite_root()))

from commit_conformance.load.users import Uploader, listen

__all__ = ["Uploader"]

listen()
