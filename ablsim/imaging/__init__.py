"""Medical images in and out, in the patient frame (LPS)."""

from ablsim.imaging.masks import Mask, read_mask

__all__ = ["Mask", "read_mask"]
