"""What published lesions say about the parameters of the model.

`calibrate` does it, `describe_calibration` gives its numbers as plain tables, `to_posterior` what a
band can draw from.
"""

from ablsim.calibration.record import describe_calibration, to_posterior
from ablsim.calibration.study import Calibration, calibrate

__all__ = ["Calibration", "calibrate", "describe_calibration", "to_posterior"]
