"""What the operator sees: the plane of an ultrasound probe, its gas cloud, and what that hides."""
