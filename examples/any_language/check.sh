#!/bin/sh
# What a project in any language does: run `correo dev`, point the program at it, look at its mail.
# Here curl is the program, and the one that looks. Needs correo and curl on the PATH.
# Usage: check.sh [PORT_OFFSET]
set -eu
offset=${1:-20000}
data=$(mktemp -d)
correo dev --data "$data" --port-offset "$offset" --user zoe@shop.test:secret > "$data/log" 2>&1 &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$data"' EXIT

# endpoints.json is there once every listener is up; it says where everything is
until [ -e "$data/run/endpoints.json" ]; do
    kill -0 $server || { cat "$data/log"; exit 1; }
    sleep 0.1
done
smtp=127.0.0.1:$((offset + 587))
imap=127.0.0.1:$((offset + 143))

# the program under test sends: to a user here, and to somebody elsewhere
printf 'From: app@shop.test\r\nTo: zoe@shop.test\r\nSubject: Order 7\r\n\r\nThank you.\r\n' |
    curl --silent --show-error --mail-from app@shop.test --mail-rcpt zoe@shop.test \
        "smtp://$smtp" --upload-file -
printf 'From: app@shop.test\r\nTo: kim@elsewhere.example\r\nSubject: Offer\r\n\r\nCheap.\r\n' |
    curl --silent --show-error --mail-from app@shop.test --mail-rcpt kim@elsewhere.example \
        "smtp://$smtp" --upload-file -

# the user's inbox has the first, the catcher's the second, which has not left this machine
curl --silent --show-error --user zoe@shop.test:secret "imap://$imap/INBOX?SUBJECT%20Order" |
    grep -q "SEARCH [0-9]" && echo "the order has come"
curl --silent --show-error --user catcher@correo.test:correo "imap://$imap/INBOX?SUBJECT%20Offer" |
    grep -q "SEARCH [0-9]" && echo "the offer was caught"
