"""Who is one caller."""

from ipaddress import IPv4Address, IPv6Network, ip_address


def network_of(caller: str) -> str:
    """The network that a caller can move about in: of IPv6 a whole /64. What is no network address stays as it is."""
    try:
        address = ip_address(caller)
    except ValueError:
        return caller
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address.packed[:8] + bytes(8), 64)))
