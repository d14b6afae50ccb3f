"""``runs`` and ``show``: what is recorded."""
