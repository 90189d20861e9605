"""A predicted zone beside one that was seen in a patient: overlap, surfaces, margins."""

from ablsim.agreement.measures import Agreement, measure_agreement
from ablsim.agreement.region import Region, region_of_mask, region_of_tumour, region_of_zone
from ablsim.agreement.report import Comparison, compare_zones, describe, summarise

__all__ = [
    "Agreement",
    "Comparison",
    "Region",
    "compare_zones",
    "describe",
    "measure_agreement",
    "region_of_mask",
    "region_of_tumour",
    "region_of_zone",
    "summarise",
]
