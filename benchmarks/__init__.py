"""How fast and how accurate ablsim is, beside its peers and beside what is independent of it."""
