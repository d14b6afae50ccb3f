"""provkg in Jupyter: the extension with its magic, and the kernel that records by itself."""
