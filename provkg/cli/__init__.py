"""The command line: one command per verb, without logic of its own."""
