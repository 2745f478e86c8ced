"""Where an event may be sent: what a URL and the addresses behind its host have to be."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_URL = 500
_PORTS = {"https": 443, "http": 80}
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_IP = ipaddress.IPv4Address | ipaddress.IPv6Address
# What clouds tell their machines, passwords included; never a receiver of events.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254"))
)
# IPv6 addresses that are IPv4 ones in disguise: the IPv4 address is the last 32 bits. In those of
# 64:ff9b:1::/48, which a site translates as it likes, it may be elsewhere: they are refused.
_DISGUISES = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "::/96", "64:ff9b::/96")))


class BadTarget(ValueError):
    """Nothing may be sent there. The message names the host at most: a path can be a secret."""


@dataclass(frozen=True)
class Target:
    """A URL taken apart. `path` has the query with it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def place(self) -> str:
        """Host, and the port where it is not the scheme's own; as the header Host wants it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Rules:
    """`places`: hosts, or host:port for a port that is not the scheme's own."""

    places: frozenset[str]
    allow_http: bool = False
    allow_private: bool = False

    def target_of(self, url: str) -> Target:
        """The target that `url` names. Raises BadTarget for one that these rules refuse."""
        target = parse(url)
        if not (target.secure or self.allow_http):
            raise BadTarget("it must begin with https://")
        if target.place not in self.places:
            raise BadTarget(f"{target.place} is not among the hosts allowed")
        return target

    def admits(self, address: str) -> bool:
        """Whether a connection to this numeric address may be made."""
        try:
            found = _undisguised(ipaddress.ip_address(address))
        except ValueError:  # with a zone: of one link only
            return False
        if (
            found in _METADATA
            or found.is_link_local
            or found.is_multicast
            or found.is_unspecified
            or (found.is_reserved and not found.is_loopback)
        ):
            return False
        return self.allow_private or (found.is_global and not _of_a_site(found))


def parse(url: str) -> Target:
    """Take a URL apart. Raises BadTarget for what is none, or holds more than a place."""
    if len(url) > LONGEST_URL:
        raise BadTarget(f"it is longer than {LONGEST_URL} characters")
    if not _SENDABLE.fullmatch(url):
        raise BadTarget("it has characters that no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadTarget("it is no URL") from None
    if parts.scheme not in _PORTS:
        raise BadTarget("it must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise BadTarget("it holds a user name or password, which would be stored: leave them out")
    if parts.fragment:
        raise BadTarget("it has a part after #, which is never sent")
    host = (parts.hostname or "").rstrip(".")
    if not (_NAME.fullmatch(host) or _is_ipv6(host)):
        raise BadTarget("it names no host")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path)


def place_of(url: str) -> str:
    """Host and port: all that a log or a page tells of a URL, whose path may be a secret."""
    try:
        return parse(url).place
    except BadTarget:
        return "unknown"


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _undisguised(address: _IP) -> _IP:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    # "::" and "::1" are themselves.
    if int(address) > 1 and any(address in network for network in _DISGUISES):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _of_a_site(address: _IP) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local
