"""
Which addresses are the internet's: not this machine's, not those of the network around it, not a way into one. And
which name of it is meant, and whose certificates are believed.
"""

import ssl
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import idna

_SPECIAL_V4 = [
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared behind a provider's NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # of protocols, such as 192.0.0.8
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
"""IANA's IPv4 Special-Purpose Address Registry (RFC 6890), and multicast: no mail server lives there."""
_UNICAST_V6 = ip_network("2000::/3")
"""All that is global unicast so far (IANA, RFC 4291): so not ::1, ::/96, fc00::/7, fe80::/10, fec0::/10, 5f00::/16 …"""
_SPECIAL_V6 = [
    ip_network(block)
    for block in (
        "2001::/23",  # of protocols: Teredo, which wraps an IPv4 address, benchmarks, ORCHID, AMT, AS112
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which wraps one, too
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]
"""IANA's IPv6 Special-Purpose Address Registry, as far as it lies there."""
_WRAPPED = [ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96")]
"""An IPv4 address as a socket shows it (RFC 4291), or behind the network's own NAT64 (RFC 6052): judged as that one."""


def is_public(address: str) -> bool:
    """
    Whether it is the address of one machine on the internet. What is no IP address is not, nor is one with a zone.

    The blocks are written out, for Python's own `is_global` answers otherwise from version to version.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _SPECIAL_V4)
    return ip.scope_id is None and _is_public_v6(ip)


def _is_public_v6(ip: IPv6Address) -> bool:
    if any(ip in block for block in _WRAPPED):
        return is_public(str(IPv4Address(ip.packed[-4:])))
    return ip in _UNICAST_V6 and not any(ip in block for block in _SPECIAL_V6)


def in_dns(host: str) -> str:
    """
    The name as it is looked up. Of one that is not ASCII by IDNA 2008 (RFC 5891): by Python's own codec, of 2003,
    straße.example is strasse.example, and a password would go to somebody else.

    Raises UnicodeError for what is no name.
    """
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


@cache
def trusted() -> ssl.SSLContext:
    """The machine's certificates, loaded once: a context of its own costs a connection half a megabyte."""
    return ssl.create_default_context()
