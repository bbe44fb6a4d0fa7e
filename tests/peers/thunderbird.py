"""Drive a Thunderbird without a screen, by Marionette, the protocol of Firefox's own tests.

A message is "LENGTH:[kind, number, name, parameters]" in JSON both ways; scripts run with the
program's own privileges and see its mail services.
"""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from correo.testing.process import free_port

__all__ = ["Thunderbird"]

PATIENCE_S = 90.0
COMMAND, RESPONSE = 0, 1

PREFERENCES = {
    "app.donation.eoy.version.viewed": 999,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


def account(host: str, port: int, user: str) -> dict[str, object]:
    """The preferences of one IMAP account without TLS, on loopback."""
    server, identity = "mail.server.server1.", "mail.identity.id1."
    return {
        "mail.accountmanager.accounts": "account1",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.account.account1.server": "server1",
        "mail.account.account1.identities": "id1",
        f"{server}type": "imap",
        f"{server}name": user,
        f"{server}hostname": host,
        f"{server}realhostname": host,
        f"{server}port": port,
        f"{server}userName": user,
        f"{server}socketType": 0,
        f"{server}authMethod": 3,
        f"{server}login_at_startup": False,
        f"{server}check_new_mail": False,
        f"{identity}useremail": user,
        f"{identity}valid": True,
    }


class Thunderbird:
    """A running program with a profile of its own. Ends with `with`."""

    def __init__(self, program: str, folder: Path, preferences: dict[str, object]) -> None:
        port = free_port()
        lines = {**PREFERENCES, **preferences, "marionette.port": port}
        text = "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in lines.items())
        (folder / "user.js").write_text(text)
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--marionette",
                "--remote-allow-system-access",
                "--no-remote",
                "--profile",
                str(folder),
            ],
            env={**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._number = 0
        self._socket = self._connected(port)
        self._buffer = b""
        self._receive()  # its greeting
        self.command("WebDriver:NewSession", {"capabilities": {}})
        self.command("Marionette:SetContext", {"value": "chrome"})
        self.command("WebDriver:SetTimeouts", {"script": int(PATIENCE_S * 1000)})

    def __enter__(self) -> "Thunderbird":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def run(self, script: str, *arguments: object) -> Any:
        """Run the body of an async function; what it returns. Raises AssertionError if it throws."""
        whole = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => {{ {script} }})()"
            ".then(value => done([true, value ?? null]), error => done([false, String(error)]));"
        )
        parameters = {"script": whole, "args": list(arguments), "newSandbox": True}
        is_well, value = self.command("WebDriver:ExecuteAsyncScript", parameters)["value"]
        assert is_well, value
        return value

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        octets = json.dumps([COMMAND, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(octets), octets))
        while True:
            kind, number, error, result = self._receive()
            if (kind, number) == (RESPONSE, self._number):
                assert error is None, error
                return result

    def _receive(self) -> Any:
        while (match := re.match(rb"(\d+):", self._buffer)) is None:
            self._more()
        end = match.end() + int(match[1])
        while len(self._buffer) < end:
            self._more()
        octets, self._buffer = self._buffer[match.end() : end], self._buffer[end:]
        return json.loads(octets)

    def _more(self) -> None:
        octets = self._socket.recv(65536)
        assert octets, "Thunderbird has ended"
        self._buffer += octets

    def _connected(self, port: int) -> socket.socket:
        end = time.monotonic() + PATIENCE_S
        while True:
            assert self._process.poll() is None, "Thunderbird has ended"
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            except ConnectionRefusedError:
                assert time.monotonic() < end, "Thunderbird does not listen"
                time.sleep(0.1)
