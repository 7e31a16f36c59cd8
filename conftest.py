"""Loads the plugin that runs ``tests/server`` against a target, and makes ``strategies`` importable.

The plugin is loaded here, not through an entry point, so that its options appear in this suite alone.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["commit_conformance.plugin"]
