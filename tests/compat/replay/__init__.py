"""``aoftool replay`` into real servers."""
