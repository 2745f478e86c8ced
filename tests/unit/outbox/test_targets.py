"""Where an event may go: URLs, hosts, and the addresses behind them."""

import pytest

from assessment.outbox.targets import BadTarget, Rules, parse, place_of

RULES = Rules(frozenset({"events.example.org", "events.example.org:8443", "[2001:db8::1]"}))
OPEN = Rules(frozenset({"localhost:8000"}), allow_http=True, allow_private=True)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://events.example.org", ("https", "events.example.org", 443, "/")),
        ("https://EVENTS.example.org./a?b=c", ("https", "events.example.org", 443, "/a?b=c")),
        ("https://events.example.org:443/a", ("https", "events.example.org", 443, "/a")),
        ("https://events.example.org:8443/a", ("https", "events.example.org", 8443, "/a")),
        ("https://[2001:db8::1]/", ("https", "2001:db8::1", 443, "/")),
    ],
)
def test_a_url_on_the_list_is_taken_apart(url, parts):
    """T38"""
    target = RULES.target_of(url)
    assert (target.scheme, target.host, target.port, target.path) == parts


@pytest.mark.parametrize(
    "url",
    [
        "http://events.example.org/",
        "https://other.example.org/",
        "https://events.example.org.evil.test/",
        "https://evil.test/events.example.org",
        "https://events.example.org:22/",
        "https://127.0.0.1/",
    ],
)
def test_a_url_off_the_list_is_refused(url):
    """T38"""
    with pytest.raises(BadTarget):
        RULES.target_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "events.example.org",
        "ftp://events.example.org/",
        "file:///etc/passwd",
        "https://",
        "https://:443/",
        "https://events.example.org:port/",
        "https://events.example.org:99999/",
        "https://user:hidden@events.example.org/",
        "https://events.example.org@evil.test/",
        "https://events.example.org/#part",
        "https://events.example.org/a b",
        "https://events.example.org/\r\nHost: evil.test",
        "https://events.example.org\\@evil.test/",
        "https://évents.example.org/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://events.example.org/" + "a" * 500,
    ],
)
def test_what_is_no_plain_url_is_refused_without_being_quoted(url):
    with pytest.raises(BadTarget) as refused:
        parse(url)
    assert "hidden" not in str(refused.value) and "evil" not in str(refused.value)
    assert place_of(url) == "unknown"


PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "::ffff:192.168.1.1",
    "100.64.0.1",
    "fd12::1",
]
NEVER = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00:808:808",  # not 8.8.8.8: RFC 6052 puts 169.254.169.254 further left
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "localhost",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_admitted(address):
    assert RULES.admits(address) and OPEN.admits(address)


@pytest.mark.parametrize("address", [*PRIVATE, "fec0::1", "198.18.0.1", "192.0.0.1"])
def test_private_addresses_are_not_admitted(address):
    """T38"""
    assert not RULES.admits(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_admitted_where_configured(address):
    """T38"""
    assert OPEN.admits(address)


@pytest.mark.parametrize("address", NEVER)
def test_addresses_of_metadata_and_of_many_are_never_admitted(address):
    """T38"""
    assert not RULES.admits(address) and not OPEN.admits(address)
