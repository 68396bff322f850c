"""Networks that say of which class each pixel is."""
