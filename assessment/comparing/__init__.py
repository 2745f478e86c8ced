"""Two runs on the same essays, side by side: pure functions of their run documents."""
