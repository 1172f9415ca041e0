#!/bin/bash
# dovecot.sh start DIR IMAP_PORT IMAPS_PORT LMTP_PORT USER:PASSWORD...: a private Dovecot on 127.0.0.1, all of it under DIR.
# dovecot.sh stop DIR
#
# As root and as an ordinary user. The mail of USER is the Maildir DIR/mail/USER/Maildir. CERTIFICATE (default good) picks one of
# those that certs.sh makes in DIR/certs. DIR must be reachable by the mail's user (as root: MAIL_USER, default mail): use
# mktemp -d and chmod 755. IMAP with implicit TLS and STARTTLS, plain on loopback; LMTP delivers to USER@anything. Ready when it returns.
# EXTRA_CONFIG: lines put at the end of dovecot.conf.
set -eu

PATH=$PATH:/usr/sbin:/sbin # an ordinary user does not have them there
here=$(cd "$(dirname "$0")" && pwd)

stop() {
	local pid
	[ -f "$1/run/master.pid" ] || return 0
	pid=$(cat "$1/run/master.pid")
	kill "$pid" 2>/dev/null || return 0
	for _ in $(seq 100); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.05
	done
	kill -9 "$pid" 2>/dev/null || true
}

write_config() {
	local dir=$1 imap=$2 imaps=$3 lmtp=$4 user group uid gid logins=""
	if [ "$(id -u)" = 0 ]; then
		user=${MAIL_USER:-mail}
	else
		user=$(id -un)
		# Nobody else to run as, and no chroot.
		logins="default_internal_user = $user
default_internal_group = $(id -gn)
default_login_user = $user"
	fi
	uid=$(id -u "$user") gid=$(id -g "$user") group=$(id -gn "$user")
	chown "$user:$group" "$dir"/mail "$dir"/mail/* 2>/dev/null || true
	cat >"$dir/dovecot.conf" <<-END
		protocols = imap lmtp
		base_dir = $dir/run
		state_dir = $dir/run/state
		log_path = $dir/dovecot.log
		listen = 127.0.0.1
		first_valid_uid = 1
		first_valid_gid = 1
		$logins
		mail_location = maildir:~/Maildir
		maildir_very_dirty_syncs = yes
		disable_plaintext_auth = no
		auth_mechanisms = plain login
		passdb {
		  driver = passwd-file
		  args = username_format=%n $dir/users
		}
		userdb {
		  driver = static
		  args = uid=$uid gid=$gid home=$dir/mail/%n allow_all_users=yes
		}
		ssl = yes
		ssl_cert = <$dir/certs/${CERTIFICATE:-good}.crt
		ssl_key = <$dir/certs/${CERTIFICATE:-good}.key
		ssl_dh =
		namespace inbox {
		  inbox = yes
		  separator = /
		}
		protocol imap {
		  mail_max_userip_connections = 500
		}
		service imap-login {
		  chroot =
		  inet_listener imap {
		    port = $imap
		  }
		  inet_listener imaps {
		    port = $imaps
		    ssl = yes
		  }
		  service_count = 0
		  client_limit = 1000
		}
		service imap {
		  process_limit = 500
		}
		service anvil {
		  chroot =
		  client_limit = 2000
		}
		service auth {
		  client_limit = 2000
		}
		service lmtp {
		  inet_listener lmtp {
		    port = $lmtp
		  }
		}
		service stats {
		  chroot =
		  unix_listener stats-writer {
		    mode = 0666
		  }
		}
		${EXTRA_CONFIG:-}
	END
}

start() {
	ulimit -n 4096 2>/dev/null || true # Dovecot asks for it
	local dir=$1 imap=$2 imaps=$3 lmtp=$4 account
	shift 4
	[ -f "$dir/certs/good.crt" ] || "$here/certs.sh" "$dir/certs"
	mkdir -p "$dir/run" "$dir/mail"
	chmod 755 "$dir" "$dir/mail"
	: >"$dir/users"
	for account; do
		echo "${account%%:*}:{PLAIN}${account#*:}::::::" >>"$dir/users"
		mkdir -p "$dir/mail/${account%%:*}"
	done
	write_config "$dir" "$imap" "$imaps" "$lmtp"
	dovecot -c "$dir/dovecot.conf"
	for _ in $(seq 100); do
		(exec 3<>"/dev/tcp/127.0.0.1/$imap") 2>/dev/null && return 0
		sleep 0.05
	done
	cat "$dir/dovecot.log" >&2
	return 1
}

case ${1:-} in
start) shift && start "$@" ;;
stop) stop "$2" ;;
*) sed -n '2,9s/^# \?//p' "$0" >&2 && exit 64 ;;
esac
