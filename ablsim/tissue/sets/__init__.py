"""Published parameter sets, one file per source."""
