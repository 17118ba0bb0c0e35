"""Thunderbird, driven through Marionette: its own compose windows open, are filled in and send."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from ..mail_server import real_server
from .mail_tools import Missing, end_group, first_line, program, run
from .programs_shared import EMMA, READER, Sent, newest

# Seconds; on a busy machine it reads all of itself first.
_START: Final = 120.0
_TYPES: Final = {
    "inline": ("ForwardInline", READER),
    "attached": ("ForwardAsAttachment", READER),
    # The letter to oneself answers to oneself, which Thunderbird leaves out of its own answers.
    "answered": ("Reply", READER),
    "redirected": ("Redirect", READER),
}

# Puts the letter into a folder once, opens the compose window that the menu opens, adds the reader
# and presses Send; done when the window closes.
_COMPOSE: Final = r"""
const [path, type, to, done] = arguments;
(async () => {
  const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
  const root = MailServices.accounts.localFoldersServer.rootFolder;
  if (!root.containsChildNamed("Letters")) {
    root.createSubfolder("Letters", null);
    const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
    file.initWithPath(path);
    await new Promise((ok, no) => MailServices.copy.copyFileMessage(
      file, root.getChildNamed("Letters"), null, false, 0, "",
      { onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId: () => null,
        onStopCopy: status => status ? no(new Error(`copy ${status}`)) : ok() }, null));
  }
  const folder = root.getChildNamed("Letters");
  const header = [...folder.messages][0];
  const opened = new Promise(ok => {
    const watch = (window, topic) => {
      if (topic != "domwindowopened") return;
      window.addEventListener("compose-editor-ready", () => {
        Services.ww.unregisterNotification(watch);
        ok(window);
      }, { once: true });
    };
    Services.ww.registerNotification(watch);
  });
  MailServices.compose.OpenComposeWindow(null, header, folder.getUriForMsg(header),
    Ci.nsIMsgCompType[type], Ci.nsIMsgCompFormat.Default,
    MailServices.accounts.allIdentities[0], null, null);
  const window = await opened;
  await new Promise(ok => window.setTimeout(ok, 500));
  if (to) {
    window.gMsgCompose.compFields.to = to;
    await window.CompFields2Recipients(window.gMsgCompose.compFields);
  }
  const closed = new Promise(ok => window.addEventListener("unload", ok, { once: true }));
  window.goDoCommand("cmd_sendNow");
  await Promise.race([closed, new Promise(ok => window.setTimeout(ok, 20000))]);
  done("");
})().catch(error => done(`${error}`));
"""


def drive(letter: bytes, folder: Path) -> Sent:
    """What Thunderbird sends in each mode. Raises Missing."""
    thunderbird = program("thunderbird", "thunderbird")
    sent = Sent(first_line(run([thunderbird, "--version"]).stdout))
    (folder / "letter.eml").write_bytes(letter)
    with real_server() as relay, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        _write_preferences(folder, port, relay.server.port)
        process = _started(thunderbird, folder)
        try:
            marionette = _Marionette(port, process)
            for mode, (kind, reader) in _TYPES.items():
                before = len(relay.mails)
                marionette.run(_COMPOSE, str(folder / "letter.eml"), kind, reader)
                sent.by_mode[mode] = newest(relay, before)
        finally:
            end_group(process)
    return sent


def _started(thunderbird: str, folder: Path) -> subprocess.Popen[bytes]:
    flags = ("--headless", "--no-remote", "--marionette", "--remote-allow-system-access")
    with (folder / "output.txt").open("wb") as output:
        return subprocess.Popen(
            [thunderbird, *flags, "--profile", str(folder)],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"HOME": str(folder)},
        )


def _write_preferences(folder: Path, port: int, smtp_port: int) -> None:
    """One identity without an inbox, and this machine's relay; nothing that calls home."""
    values: dict[str, Any] = {
        "marionette.port": port,
        "mail.accountmanager.accounts": "account1,account2",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.accountmanager.localfoldersserver": "server2",
        "mail.account.account1.server": "server1",
        "mail.account.account1.identities": "id1",
        "mail.account.account2.server": "server2",
        "mail.identity.id1.useremail": EMMA,
        "mail.identity.id1.fullName": "Emma",
        "mail.identity.id1.smtpServer": "smtp1",
        "mail.identity.id1.valid": True,
        "mail.identity.id1.fcc": False,
        "mail.smtpservers": "smtp1",
        "mail.smtp.defaultserver": "smtp1",
        "mail.smtpserver.smtp1.hostname": "127.0.0.1",
        "mail.smtpserver.smtp1.port": smtp_port,
        "mail.smtpserver.smtp1.authMethod": 1,
        "mail.smtpserver.smtp1.try_ssl": 0,
        "mail.provider.enabled": False,
        "mail.shell.checkDefaultClient": False,
        "mail.rights.version": 1,
        "mail.spellcheck.inline": False,
        "mail.SpellCheckBeforeSend": False,
        "mailnews.start_page.enabled": False,
        "app.update.enabled": False,
        "toolkit.telemetry.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
    }
    for server, name in (("server1", "Emma"), ("server2", "Local Folders")):
        values |= {
            f"mail.server.{server}.type": "none",
            f"mail.server.{server}.hostname": name,
            f"mail.server.{server}.name": name,
            f"mail.server.{server}.userName": "nobody",
        }
    lines = (f"user_pref({json.dumps(x)}, {json.dumps(y)});\n" for x, y in values.items())
    (folder / "user.js").write_text("".join(lines))


class _Marionette:
    """Gecko's own remote control: JSON with its length before it, over a socket."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self._socket = _connected(port, process)
        self._unread = b""
        self._number = 0
        self._read()
        self._ask("WebDriver:NewSession", {"capabilities": {}})
        self._ask("Marionette:SetContext", {"value": "chrome"})

    def run(self, script: str, *values: str) -> None:
        """Run a script in the program itself. Raises RuntimeError with what it says."""
        asked = {"script": script, "args": list(values), "scriptTimeout": 60_000}
        said = self._ask("WebDriver:ExecuteAsyncScript", asked)["value"]
        if said:
            raise RuntimeError(said)

    def _ask(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        data = json.dumps([0, self._number, name, values]).encode()
        self._socket.sendall(b"%d:%b" % (len(data), data))
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(error.get("message", "Marionette says no"))
        return dict(result)

    def _read(self) -> Any:
        while b":" not in self._unread:
            self._more()
        length, _, self._unread = self._unread.partition(b":")
        while len(self._unread) < int(length):
            self._more()
        data, self._unread = self._unread[: int(length)], self._unread[int(length) :]
        return json.loads(data)

    def _more(self) -> None:
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("Thunderbird hung up")
        self._unread += received


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < end:
        try:
            return socket.create_connection(("127.0.0.1", port), _START)
        except OSError:
            time.sleep(0.2)
    raise Missing("Thunderbird did not start, or does not take orders")
