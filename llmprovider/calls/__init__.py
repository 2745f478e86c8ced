"""One call to a provider: let in, asked, its answer written down."""
