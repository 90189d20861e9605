"""Results as files that other programs read: always the patient frame, LPS, in millimetres."""
