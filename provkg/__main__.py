"""Makes ``python -m provkg`` the same as ``provkg``."""

from __future__ import annotations

from provkg.cli.main import main

if __name__ == "__main__":
    main()
