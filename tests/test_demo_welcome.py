"""The first words of `make run` lead where something is."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.processes.switchboard import running


@pytest.mark.parametrize("development", ["true", "false"])
def test_no_page_that_the_welcome_names_is_missing(var: Path, tmp_path: Path, development: str) -> None:
    with running("demo", output=tmp_path / "said", var=var, SWITCHBOARD_DEVELOPMENT=development) as demo:
        said = demo.until_said("Ctrl-C stops everything")
        pages = set(re.findall(r"http://\S+[^\s,.]", said))
        assert len(pages) == 2
        assert 404 not in {status(page) for page in pages}


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
