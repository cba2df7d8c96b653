"""From what the store holds to what stands on the screen: pure functions, no widget."""
