#!/bin/sh
# certs.sh DIR: a test authority and certificates signed by it or not, for localhost and 127.0.0.1.
#
#   ca.crt                    what a client pins as tls.ca_file
#   good.crt/.key             signed by it
#   wronghost, expired        signed by it, for another host; no longer valid
#   unknownca                 signed by an authority that no client knows
#   selfsigned                signed by itself
set -eu

dir=$1
mkdir -p "$dir"
cd "$dir"

new_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null
}

new_authority() {
	new_key "$1"
	openssl req -x509 -new -key "$1.key" -days 30 -subj "/CN=Fieldpost test $1" -out "$1.crt" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# new_leaf NAME AUTHORITY ALTERNATIVE_NAMES FROM TO
new_leaf() {
	new_key "$1"
	openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
	rm -rf signing
	mkdir signing
	: >signing/index
	echo 01 >signing/serial
	cat >signing/config <<-END
		[ca]
		default_ca = test
		[test]
		database = signing/index
		serial = signing/serial
		new_certs_dir = signing
		default_md = sha256
		policy = any
		rand_serial = yes
		[any]
		commonName = supplied
		[leaf]
		basicConstraints = CA:FALSE
		subjectAltName = $3
		extendedKeyUsage = serverAuth
	END
	openssl ca -batch -notext -config signing/config -extensions leaf -cert "$2.crt" -keyfile "$2.key" \
		-startdate "$4" -enddate "$5" -in "$1.csr" -out "$1.crt" 2>/dev/null
	rm -rf signing "$1.csr"
}

day() {
	date -u -d "$1" +%Y%m%d%H%M%SZ
}

here=DNS:localhost,IP:127.0.0.1
new_authority ca
new_authority otherca
new_leaf good ca "$here" "$(day '-1 day')" "$(day '+30 days')"
new_leaf wronghost ca DNS:mail.wrong.example "$(day '-1 day')" "$(day '+30 days')"
new_leaf expired ca "$here" "$(day '-30 days')" "$(day '-1 day')"
new_leaf unknownca otherca "$here" "$(day '-1 day')" "$(day '+30 days')"
new_key selfsigned
openssl req -x509 -new -key selfsigned.key -days 30 -subj /CN=localhost -addext "subjectAltName=$here" -out selfsigned.crt
chmod 644 ./*.key
