"""Tissue: properties with their sources, and the library of named sets."""
