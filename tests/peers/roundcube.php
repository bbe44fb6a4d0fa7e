<?php
// What Roundcube's IMAP library does for a page of messages, and what it understood, as JSON.
// Usage: php roundcube.php PORT USER PASSWORD
define('INSTALL_PATH', '/usr/share/roundcube/');
require_once INSTALL_PATH . 'program/lib/Roundcube/bootstrap.php';

[, $port, $user, $password] = $argv;
$imap = new rcube_imap_generic();
$imap->connect('127.0.0.1', $user, $password, [
    'port' => (int) $port, 'ssl_mode' => '', 'auth_type' => 'PLAIN', 'force_caps' => false,
    'ident' => ['name' => 'Roundcube'],
]);
$found = ['connected' => $imap->connected(), 'error' => $imap->error];
$found['folders'] = $imap->listMailboxes('', '*', ['SUBSCRIBED', 'CHILDREN']);
$found['create'] = $imap->createFolder('Round', null) && $imap->subscribe('Round');
$messages = [
    "Subject: b\r\nMessage-ID: <1@rc>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\none\r\n",
    "Subject: a\r\nMessage-ID: <2@rc>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\ntwo mañana\r\n",
    "Subject: Re: b\r\nMessage-ID: <3@rc>\r\nReferences: <1@rc>\r\n"
        . "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nthree\r\n",
];
foreach ($messages as $message) {
    $found['appended'][] = $imap->append('Round', $message);
}
$imap->select('Round');
$found['sorted'] = $imap->sort('Round', 'SUBJECT', '', true, 'UTF-8')->get();
$found['dates'] = $imap->sort('Round', 'DATE', 'UNDELETED', true, 'UTF-8')->get();
$thread = $imap->thread('Round', 'REFERENCES', '', true, 'UTF-8');
$found['threads'] = $thread->get_tree();
$found['refs'] = $imap->thread('Round', 'REFS', '', true, 'UTF-8')->get_tree();
$search = $imap->search('Round', 'CHARSET UTF-8 BODY {' . strlen('mañana') . "}\r\n" . 'mañana', true, ['ALL', 'COUNT']);
$found['search'] = $search->get();
$headers = $imap->fetchHeaders('Round', '1:3', true, true, ['X-Spam']);
$found['headers'] = array_values(array_map(fn ($each) => [$each->uid, $each->subject], $headers));
$found['structure'] = $imap->getStructure('Round', 1, true);
$found['body'] = $imap->handlePartBody('Round', 2, true, 1);
$found['flag'] = $imap->flag('Round', '1', 'SEEN');
$found['status'] = $imap->status('Round', ['UNSEEN', 'UIDNEXT']);
$found['moved'] = $imap->move('3', 'Round', 'Archive');
$found['left'] = $imap->countMessages('Round');
$found['quota'] = $imap->getQuota('INBOX') !== false;
$found['rights'] = $imap->myRights('Round');
$found['metadata'] = $imap->setMetadata('Round', ['/private/comment' => 'tea'])
    ? $imap->getMetadata('Round', ['/private/comment']) : false;
$found['namespace'] = $imap->getNamespace();
$imap->deleteFolder('Round');
$imap->closeConnection();
echo json_encode($found);
