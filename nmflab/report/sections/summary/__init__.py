"""The report's first words: what was found, in sentences written from the data."""
