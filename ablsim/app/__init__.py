"""The planning page: tumour and fibres on sliders, and the zone that they make beside them."""
