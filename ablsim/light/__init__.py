"""Light: fibres, optical coefficients and the fluence in tissue."""
