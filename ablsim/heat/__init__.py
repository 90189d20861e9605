"""Heat: the Pennes equation with boiling, perfusion shut-down and vessels."""
