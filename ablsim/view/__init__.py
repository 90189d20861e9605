"""Pictures of a result; needs a display stack, so import it by name."""
