"""What a run survives: every request made to fail in every way, rivals, damaged files, secrets."""
