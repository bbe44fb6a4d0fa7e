"""Thunderbird itself, without a screen: folders, messages, flags, new mail, a move."""

import time
from pathlib import Path

from tests.peers.test_command_line_clients import count_of, deliver
from tests.peers.thunderbird import Thunderbird, account

from correo.testing.process import ServerProcess
from correo.testing.programs import need

TOOLS = """
const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.accounts[0].incomingServer;
const folder = flag => server.rootFolder.getFolderWithFlags(flag);
const sleep = ms => new Promise(resolve => { const t = Cc["@mozilla.org/timer;1"]
  .createInstance(Ci.nsITimer); t.initWithCallback({notify: resolve, keep: t}, ms, 0); });
const until = async (what, test) => {
  for (let n = 0; n < 600; n++) { const value = test(); if (value) return value; await sleep(100); }
  throw new Error("not in time: " + what);
};
const url = begin => new Promise((resolve, reject) => begin({
  QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
  OnStartRunningUrl() {},
  OnStopRunningUrl(_, status) { status ? reject(new Error("status " + status)) : resolve(); },
}));
const message = (box, subject) => [...box.messages].find(each => each.mime2DecodedSubject == subject);
"""

LOG_IN = """
const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
login.init("imap://" + arguments[0], null, "imap://" + arguments[0], arguments[1], arguments[2], "", "");
await Services.logins.addLoginAsync(login);
server.performExpand(null);
const inbox = await until("the inbox", () => folder(Ci.nsMsgFolderFlags.Inbox));
await url(listener => inbox.getNewMessages(null, listener));
await until("the message", () => message(inbox, arguments[3]));
return server.rootFolder.descendants.map(each => each.name);
"""

READ = """
const inbox = folder(Ci.nsMsgFolderFlags.Inbox), header = message(inbox, arguments[0]);
const uri = inbox.getUriForMsg(header), service = MailServices.messageServiceFromURI(uri);
const text = await new Promise((resolve, reject) => {
  let octets = "";
  service.streamMessage(uri, {
    QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]),
    onStartRequest() {},
    onStopRequest(_, status) { status ? reject(new Error("status " + status)) : resolve(octets); },
    onDataAvailable(_, stream, offset, count) {
      const input = Cc["@mozilla.org/scriptableinputstream;1"]
        .createInstance(Ci.nsIScriptableInputStream);
      input.init(stream); octets += input.read(count);
    },
  }, null, null, false, "", false);
});
inbox.markMessagesRead([header], true);
inbox.markMessagesFlagged([header], true);
return text;
"""

LOOK = """
const inbox = folder(Ci.nsMsgFolderFlags.Inbox);
let asked = 0;  // a folder at work takes no second request: ask again, as its user would
await until("the new message", () => {
  try { if (asked++ % 50 == 0) inbox.getNewMessages(null, null); } catch (busy) {}
  return message(inbox, arguments[0]);
});
return true;
"""

MOVE = """
const inbox = folder(Ci.nsMsgFolderFlags.Inbox), header = message(inbox, arguments[0]);
const target = server.rootFolder.descendants.find(each => each.name == "Archive");
await new Promise((resolve, reject) => MailServices.copy.copyMessages(
  inbox, [header], target, true, {
    QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
    onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
    onStopCopy(status) { status ? reject(new Error("status " + status)) : resolve(); },
  }, null, false));
await until("it to go", () => !message(inbox, arguments[0]));
return true;
"""


def wait_for_one(correo: ServerProcess, *criteria: str) -> None:
    """Thunderbird tells the server what its user did when it gets round to it."""
    end = time.monotonic() + 60
    while count_of(correo, *criteria) != 1:
        assert time.monotonic() < end, f"no message, or too many, with {criteria}"
        time.sleep(0.1)


def test_thunderbird_reads_marks_sees_new_mail_and_moves(
    correo: ServerProcess, tmp_path: Path
) -> None:
    program = need("thunderbird")
    listener = correo.listeners["imap"]
    deliver(correo, "for Thunderbird")
    preferences = account(listener.host, listener.port, "eva@correo.test")
    with Thunderbird(program, tmp_path, preferences) as bird:
        names = bird.run(
            TOOLS + LOG_IN, listener.host, "eva@correo.test", "secret", "for Thunderbird"
        )
        assert {"Sent", "Trash", "Archive"} <= set(names)
        assert "..two dots" in bird.run(TOOLS + READ, "for Thunderbird")
        wait_for_one(correo, "SEEN", "FLAGGED", "SUBJECT", '"for Thunderbird"')
        deliver(correo, "later for Thunderbird")
        assert bird.run(TOOLS + LOOK, "later for Thunderbird")
        assert bird.run(TOOLS + MOVE, "later for Thunderbird")
        wait_for_one(correo, "SUBJECT", '"for Thunderbird"')
