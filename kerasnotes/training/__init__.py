"""The task contract and the runner. Import the module you need."""
