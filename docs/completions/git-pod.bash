# bash completion for `git pod` (through git's own completion, which calls _git_pod) and `git-pod`.

# Completes the word in $1 (what is typed of it) behind the words of git-pod in "${@:2}".
__git_pod_words ()
{
	local current=$1 verb=${2-} previous=${!#}
	if [ $# -eq 1 ]; then
		printf '%s\n' add bridge clone flush lock push reconcile serve status \
			--help --version
		return
	fi
	case $verb in
	add)
		case $previous in
		--transport) printf '%s\n' ssh kubectl command ;;
		--select) printf '%s\n' newest oldest ;;
		--ssh-backend) printf '%s\n' auto libssh2 openssh ;;
		--strict-host-key-checking) printf '%s\n' yes accept-new ;;
		--identity-file | --known-hosts) compgen -f -- "$current" ;;
		--context) kubectl config get-contexts -o name 2>/dev/null ;;
		--*)
			[ "$previous" != --force ] || __git_pod_add_options ;;
		*) __git_pod_add_options ;;
		esac
		;;
	bridge)
		case $previous in
		--root | --audit-log | --print-authorized-key) compgen -f -- "$current" ;;
		--repository | --actor | --max-requests | --max-time) ;;
		*)
			printf '%s\n' --root --repository --allow-archive --actor --max-requests \
				--max-time --audit-log --print-sshd-config --print-authorized-key \
				--protocol=2 --help git-upload-pack git-upload-archive
			;;
		esac
		;;
	lock)
		case " ${*:2} " in
		*' -- '*) compgen -c -- "$current" | sort -u ;;
		*)
			__git_pod_setting_values "$current" "$previous" ||
				printf '%s\n' --repo --lock-timeout --help --
			;;
		esac
		;;
	clone | flush | push | reconcile | serve | status)
		__git_pod_setting_values "$current" "$previous" || "__git_pod_${verb}_options" "$current"
		;;
	esac
}

# The values of the option $2 of an engine's verb, for what is typed of one in $1. Fails for what
# takes none.
__git_pod_setting_values ()
{
	case $2 in
	--repo | --deploy-key | --known-hosts | --token-file | --webhook-secret-file | --checkout) compgen -f -- "$1" ;;
	--strict-host-key-checking) printf '%s\n' yes accept-new ;;
	--ssh-backend) printf '%s\n' auto libssh2 openssh ;;
	--on-divergence) printf '%s\n' rebase merge escape stop ;;
	--on-rewrite) printf '%s\n' replay stop ;;
	--save-stuck | --push-logs | --auto-reconcile) printf '%s\n' true false ;;
	--log-format) printf '%s\n' text json ;;
	--checkout-of) printf '%s\n' durable local ;;
	--listen | --listen-public) printf '%s\n' none ;;
	--origin | --remote | --branch | --connect-timeout | --idle-timeout | --keep-before | \
		--lock-timeout | --trust-owner | --min-free | --expected-size | --timeout | \
		--stuck-after | --retry-first | --retry-cap | --max-retries | --warm-for | --origin-check | \
		--upkeep-loose | --upkeep-packs | --upkeep-check | --sparse | --checkout-grace | \
		--clone-retry-first | --clone-retry-cap | --clone-max-retries | \
		--recheck | --drain-quiet | --drain-timeout | --hook-timeout) ;;
	*) return 1 ;;
	esac
}

__git_pod_origin_options ()
{
	printf '%s\n' --branch --remote --deploy-key --known-hosts --strict-host-key-checking \
		--ssh-backend --token-file --connect-timeout --idle-timeout --json --help
}

__git_pod_clone_options ()
{
	__git_pod_origin_options
	printf '%s\n' --progress --min-free --expected-size
	compgen -f -- "$1"
}

__git_pod_push_options ()
{
	printf '%s\n' --repo --origin
	__git_pod_origin_options
	printf '%s\n' --lock-timeout --trust-owner
}

__git_pod_reconcile_options ()
{
	__git_pod_push_options
	printf '%s\n' --dry-run --on-divergence --on-rewrite --keep-before
}

__git_pod_flush_options ()
{
	printf '%s\n' --repo --origin
	__git_pod_origin_options
	printf '%s\n' --trust-owner --timeout
}

__git_pod_serve_options ()
{
	__git_pod_push_options
	printf '%s\n' --verbose --quiet --print-config --on-divergence --on-rewrite --keep-before \
		--save-stuck --stuck-after --push-logs --auto-reconcile --retry-first --retry-cap --max-retries \
		--warm-for --origin-check --recheck --drain-quiet --drain-timeout --listen --listen-public \
		--webhook-secret-file --log-format --hook-timeout --min-free --expected-size \
		--upkeep-loose --upkeep-packs --upkeep-check \
		--checkout --sparse --checkout-of --checkout-grace \
		--clone-retry-first --clone-retry-cap --clone-max-retries
}

__git_pod_status_options ()
{
	printf '%s\n' --repo --branch --remote --trust-owner --json --help
}

__git_pod_add_options ()
{
	printf '%s\n' --force --transport --path --host --port --user --identity-file \
		--known-hosts --strict-host-key-checking --ssh-backend --context --namespace \
		--selector --pod --container --select --command --remote-command \
		--connect-timeout --idle-timeout --help
}

# Sets COMPREPLY for the word $1 behind the words "${@:2}". Not by compgen -W, which would run what
# the name of a file holds.
__git_pod_reply ()
{
	local word
	COMPREPLY=()
	while IFS= read -r word; do
		[[ $word != "$1"* ]] || COMPREPLY+=("$word")
	done < <(__git_pod_words "$@")
	[[ ${COMPREPLY-} != */* && ! -e ${COMPREPLY-} ]] || compopt -o filenames 2>/dev/null
}

# Called by git's completion, which has set words, cword, cur and __git_cmd_idx.
_git_pod ()
{
	local first=$((${__git_cmd_idx:-1} + 1))
	__git_pod_reply "$cur" "${words[@]:first:cword-first}"
}

# Called by bash for git-pod itself.
__git_pod_main ()
{
	__git_pod_reply "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[@]:1:COMP_CWORD-1}"
}

complete -o nosort -F __git_pod_main git-pod
