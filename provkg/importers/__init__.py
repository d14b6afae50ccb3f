"""Other people's records made ours: notebooks saved long ago, with all the provenance they already carry."""
