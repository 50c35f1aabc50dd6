"""A PostgreSQL server for the tests: found on the machine, or in CI installed where that is possible."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.debian import install
from tests.ports import free_ports

MISSING = "no PostgreSQL: neither initdb in PATH nor /usr/lib/postgresql/*/bin/initdb"


def find() -> Path | None:
    """Returns the folder of a PostgreSQL server's programs, if there is one (Debian's is not in PATH)."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in folders), key=lambda path: float(path.parent.name), default=None)


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Runs a server on a free port with an empty database of its own; yields its SQLAlchemy URL."""
    password, (port,) = secrets.token_hex(16), free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="kefu-postgres-"))
    data, password_file = folder / "data", folder / "password"
    password_file.write_text(password)

    def run(program: str, *arguments: str | Path) -> None:
        # Where nobody reads them, the programs' words would keep the pipe open: the server inherits it.
        with open(folder / "log", "ab") as log:
            subprocess.run(
                [programs / program, "-D", data, *arguments], cwd=folder, check=True, timeout=120,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_owner(folder),
            )  # fmt: skip

    try:
        run("initdb", "-U", "kefu", "-A", "scram-sha-256", "--pwfile", password_file, "-E", "UTF8",
            "--locale", "C", "--no-sync")  # fmt: skip
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg2://kefu:{password}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    except subprocess.SubprocessError as error:
        raise RuntimeError(f"PostgreSQL: {(folder / 'log').read_text(errors='replace')}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> dict[str, int]:
    """Who runs it: PostgreSQL refuses root, who therefore hands the folder to somebody else."""
    if os.geteuid() != 0:
        return {}
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    for path in (folder, *folder.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


if __name__ == "__main__":
    if not find() and os.environ.get("CI"):
        install("the PostgreSQL tests", "postgresql")
    if not find():
        print(f"{MISSING}: the tests that need one will be skipped.")
