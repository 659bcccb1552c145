"""Which addresses a mail server may have outside of development: the same on every version of Python."""

import pytest

from mail.internet import in_dns, is_public

PUBLIC = """
  8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
  172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
  2000:: 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700:4700::1111 2a00:1450:4001::1 3ffe:ffff::1 3fff:1000::1
  3fff:ffff:ffff::1 2001:db7:ffff::1 2001:db9::1 2620:4f:8001::1
  ::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""
NOT_PUBLIC = """
  0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
  172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.9 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.88.99.2
  192.168.1.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
  255.255.255.255
  :: ::1 ::127.0.0.1 ::8.8.8.8 ::10.0.0.1 ::2 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8 ::fffe:8.8.8.8 100::1 100:0:0:1::1
  64:ff9b:1::1 64:ff9b:1::8.8.8.8 64:ff9b:0:1::8.8.8.8 1fff:ffff::1 4000::1 5f00::1 fc00::1 fd00::1 fe80::1 fec0::1
  feff::1 ff00::1 ff02::1 ff0e::1 ffff::1
  2001::1 2001:0:808:808::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1
  2001:20::1 2001:30::1 2001:1ff:ffff::1 2001:db8::1 2001:db8:ffff::1 2002::1 2002:a00:1::1 2002:808:808::1
  2620:4f:8000::1 3fff::1 3fff:fff:ffff::1
  ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:192.0.0.8 ::ffff:169.254.169.254
  64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::192.88.99.1 64:ff9b::169.254.169.254
  fe80::1%eth0 2606:4700:4700::1111%eth0 ::ffff:8.8.8.8%1
  127.1 2130706433 0x7f.0.0.1 0127.0.0.1 8.8.8.8/32 8.8.8.8: [2606:4700:4700::1111] imap.example.test
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_the_address_of_one_machine_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*NOT_PUBLIC.split(), "", " 8.8.8.8", "8.8.8.8\n"])
def test_no_other_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "looked_up"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("IMAP.x.test", "IMAP.x.test"),
        ("my_imap.x.test", "my_imap.x.test"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_name_is_looked_up_as_those_who_gave_it_out_write_it(host: str, looked_up: str) -> None:
    assert in_dns(host) == looked_up


@pytest.mark.parametrize("host", ["ü..example", "ü" * 64 + ".example", "ü b.example", "\u200f.example"])
def test_what_is_no_name_is_not_looked_up(host: str) -> None:
    with pytest.raises(UnicodeError):
        in_dns(host)
