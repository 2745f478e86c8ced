"""Idempotency keys: what a caller names a request by, so that sent twice it is done once."""

KEY_HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 200
KEY_RULE = f"Give 1 to {MAX_KEY_CHARS} printable ASCII characters, or no key."


def is_key(text: str) -> bool:
    """Whether `text` obeys KEY_RULE."""
    return 0 < len(text) <= MAX_KEY_CHARS and text.isascii() and text.isprintable()
