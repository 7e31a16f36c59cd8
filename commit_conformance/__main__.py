"""``python -m commit_conformance`` is the command."""

from commit_conformance.cli import main

if __name__ == "__main__":
    main()
