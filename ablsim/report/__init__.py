"""Reports: everything about a result on one page that opens anywhere, without any network."""
