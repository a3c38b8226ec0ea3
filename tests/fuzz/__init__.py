"""A fuzzer over what reads text from outside, and over what makes it harmless: `make fuzz`."""
