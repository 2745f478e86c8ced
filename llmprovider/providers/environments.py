"""Keys and addresses in the environment: what is wrong with them, said before anything is sent."""

import os
from urllib.parse import urlsplit

import httpx2


def key_problem(variable: str) -> str | None:
    """Why the key in this environment variable cannot be sent, with the remedy; None if it can."""
    key = os.environ.get(variable, "")
    if not key:
        return f"no key. Set {variable} in the environment"
    if not (key.isascii() and key.isprintable()) or " " in key:
        # Refused here, since the HTTP library would quote it in its complaint.
        return f"the key in {variable} holds a space, line break or other stray character. Mend it"
    return None


def address_problem(variable: str) -> str | None:
    """Why the address in this environment variable is none, with the remedy; None if it is one."""
    remedy = f"Set {variable} in the environment, e.g. http://localhost:11434/v1"
    address = os.environ.get(variable, "")
    if not address:
        return f"no address. {remedy}"
    return None if _is_address(address) else f"the address in {variable} is none. {remedy}"


def base_url_problem(variable: str) -> str | None:
    """The same for an address that may be left out: then the vendor's own is used."""
    address = os.environ.get(variable)
    if address is None or _is_address(address):
        return None
    # The SDK would take an empty one too for an address.
    return (
        f"the address in {variable} is none. Unset it, or set it to one that begins with "
        "http:// or https://"
    )


def place_of(address: str) -> str:
    """Scheme, host and port of a valid address: user, password, path and query may hold a key."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def is_at(address: str, domain: str) -> bool:
    """Whether a valid address is one of the domain's hosts."""
    host = urlsplit(address).hostname or ""
    return host == domain or host.endswith(f".{domain}")


def _is_address(text: str) -> bool:
    if not text.isprintable() or " " in text:
        return False  # the HTTP library would make a host of it all the same
    try:
        httpx2.URL(text)  # stricter than urlsplit, and the one that has to take it
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx2.InvalidURL):
        return False
