"""What the program keeps on the disk is closed to other users here, also what an earlier release left open."""

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.ground import var
from models.ground.settings import Settings
from tests.support.database.postgres import open_folder
from tests.support.processes.switchboard import run, run_afresh

ELSEWHERE = SecretStr("postgres://db.firm.test/switchboard")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def place() -> Iterator[Path]:
    with open_folder("var") as folder:
        yield folder


@contextmanager
def as_nobody() -> Iterator[None]:
    nobody = pwd.getpwnam("nobody")
    os.setegid(nobody.pw_gid)
    os.seteuid(nobody.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def left_open(place: Path) -> Path:
    """As an earlier release left it."""
    for folder in (place, place / "files", place / "demo", place / "demo" / "mail"):
        folder.mkdir()
        folder.chmod(0o755)
    (place / "key").write_text("00" * 32)
    (place / "key").chmod(0o644)
    return place


def test_what_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "deep" / "var", database_url=ELSEWHERE)
    mail = var.folder(settings, "demo", "mail")
    assert mail == tmp_path / "deep" / "var" / "demo" / "mail"
    assert [mode(folder) for folder in (mail, mail.parent, settings.var, settings.var.parent)] == [0o700] * 4


@as_root
def test_root_lets_the_user_who_runs_postgresql_pass_through_and_read_nothing(place: Path) -> None:
    var.folder(Settings(var=place / "deep" / "var"), "files")
    assert mode(place / "deep") == mode(place / "deep" / "var") == 0o711
    assert mode(place / "deep" / "var" / "files") == 0o700


def test_what_was_left_open_is_closed_and_kept(place: Path) -> None:
    settings = Settings(var=left_open(place), database_url=ELSEWHERE)
    assert var.exposed(settings) == [place / "files", place / "demo", place / "key"]
    var.folder(settings)
    assert [mode(place / part) for part in (".", "files", "demo", "key")] == [0o700, 0o700, 0o700, 0o600]
    assert (place / "key").read_text() == "00" * 32
    assert var.exposed(settings) == []


@as_root
def test_anybody_who_is_not_root_closes_what_is_theirs(place: Path) -> None:
    place.parent.chmod(0o777)
    with as_nobody():
        settings = Settings(var=left_open(place))
        var.folder(settings, "files")
        assert mode(place) == mode(place / "files") == 0o700


@as_root
def test_what_belongs_to_another_user_is_left_to_them_and_told(place: Path) -> None:
    settings = Settings(var=left_open(place))
    for path in (place, *place.rglob("*")):
        shutil.chown(path, "nobody")
    var.folder(settings)
    assert mode(place) == 0o755
    assert var.exposed(settings) == [place / "files", place / "demo", place / "key"]
    with as_nobody():
        var.folder(settings)
        assert mode(place) == 0o700


def test_a_folder_that_holds_other_things_keeps_its_mode(place: Path) -> None:
    """`SWITCHBOARD_VAR=.`, or /tmp."""
    (left_open(place) / "thesis.txt").touch()
    var.folder(Settings(var=place))
    assert mode(place) == 0o755
    assert mode(place / "files") == 0o700


def test_a_link_closes_nothing_behind_it(place: Path, tmp_path: Path) -> None:
    place.mkdir()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.chmod(0o755)
    (place / "files").symlink_to(theirs)
    settings = Settings(var=place)
    assert var.folder(settings, "files").samefile(theirs)
    assert mode(theirs) == 0o755
    assert var.exposed(settings) == [place / "files"]


@pytest.mark.parametrize("part", [(), ("files",)], ids=["var", "files"])
def test_a_folder_that_cannot_be_used_is_named(place: Path, part: tuple[str, ...]) -> None:
    in_the_way = place.joinpath(*part)
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("a file")
    with pytest.raises(var.NoFolder, match=rf"The folder {in_the_way} cannot be used \(.*\)\. .*SWITCHBOARD_VAR"):
        var.folder(Settings(var=place), "files")


def test_a_server_of_our_own_starts_in_a_folder_that_was_left_open(place: Path) -> None:
    for _ in range(2):
        done = run_afresh("migrate", SWITCHBOARD_VAR=str(place))
        assert done.returncode == 0, done
        assert (place / "postgres" / "data").is_dir()  # not elsewhere: its user can pass
        assert mode(place) == (0o711 if os.geteuid() == 0 else 0o700)
        assert mode(place / "files") == 0o700
        place.chmod(0o755)
        (place / "files").chmod(0o755)


def test_doctor_says_which_files_others_may_read(place: Path, tmp_path: Path, database_url: str) -> None:
    place.mkdir()
    tmp_path.chmod(0o755)
    (place / "files").symlink_to(tmp_path)
    done = run("doctor", DATABASE_URL=database_url, SWITCHBOARD_VAR=str(place))
    assert f"MEND  Files: other users of this machine may read them. As their owner: chmod -R go-rwx {place}/files" in (
        done.stdout
    )
    (place / "files").unlink()
    done = run("doctor", DATABASE_URL=database_url, SWITCHBOARD_VAR=str(place))
    assert f"ok    Files: no other user of this machine reads {place}." in done.stdout
