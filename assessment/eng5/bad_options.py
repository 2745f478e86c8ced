"""What is wrong with the command line itself."""


class BadOption(ValueError):
    """An option's value, or a combination of options, that cannot be."""
