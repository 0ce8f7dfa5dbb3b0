import { COMMAND_NAMES, type NameKind } from './command-names.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script for each shell; names of bottles, proposals and agents are asked for when Tab is pressed. */
export const COMPLETION_SCRIPTS: { readonly [shell in (typeof SHELLS)[number]]: () => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const LIVE_KINDS = ['bottle', 'proposal', 'agent'] as const;
const GLOBAL_FLAGS = '--repo --fleet --config --backend --verbose --quiet --help --version --json';

function bashScript(): string {
  return `# bb completion for bash: source <(bb completion bash)
_bb() {
  local word="\${COMP_WORDS[COMP_CWORD]}" verb="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      --repo|--fleet|--config|--backend) ((index++)) ;;
      -*) ;;
      *) verb="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "${GLOBAL_FLAGS}" -- "$word"))
    return
  fi
  case "$verb" in
    "") COMPREPLY=($(compgen -W "${allNames().join(' ')}" -- "$word")) ;;
${LIVE_KINDS.map((kind) => `    ${namesFor(kind).join('|')}) COMPREPLY=($(compgen -W "$(bb __names ${kind} 2>/dev/null)" -- "$word")) ;;`).join('\n')}
    list) COMPREPLY=($(compgen -W "active available" -- "$word")) ;;
    proposals) COMPREPLY=($(compgen -W "list show" -- "$word")) ;;
    audit) COMPREPLY=($(compgen -W "verify" -- "$word")) ;;
    images) COMPREPLY=($(compgen -W "base" -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$word")) ;;
    init) COMPREPLY=($(compgen -d -- "$word")) ;;
  esac
}
complete -F _bb bb
`;
}

function zshScript(): string {
  return `#compdef bb
# bb completion for zsh: source <(bb completion zsh)
autoload -Uz compinit && (( $+functions[compdef] )) || compinit
_bb() {
  local verb="" index
  for ((index = 2; index < CURRENT; index++)); do
    case "\${words[index]}" in
      --repo|--fleet|--config|--backend) ((index++)) ;;
      -*) ;;
      *) verb="\${words[index]}"; break ;;
    esac
  done
  if [[ "\${words[CURRENT]}" == -* ]]; then
    compadd -- ${GLOBAL_FLAGS}
    return
  fi
  case "$verb" in
    "") compadd -- ${allNames().join(' ')} ;;
${LIVE_KINDS.map((kind) => `    ${namesFor(kind).join('|')}) compadd -- \${(f)"$(bb __names ${kind} 2>/dev/null)"} ;;`).join('\n')}
    list) compadd -- active available ;;
    proposals) compadd -- list show ;;
    audit) compadd -- verify ;;
    images) compadd -- base ;;
    completion) compadd -- ${SHELLS.join(' ')} ;;
    init) _files -/ ;;
  esac
}
compdef _bb bb
`;
}

function fishScript(): string {
  const verbs = allNames().join(' ');
  return `# bb completion for fish: bb completion fish | source
complete -c bb -f
complete -c bb -n "not __fish_seen_subcommand_from ${verbs}" -a "${verbs}"
${LIVE_KINDS.map((kind) => `complete -c bb -n "__fish_seen_subcommand_from ${namesFor(kind).join(' ')}" -a "(bb __names ${kind} 2>/dev/null)"`).join('\n')}
complete -c bb -n "__fish_seen_subcommand_from list" -a "active available"
complete -c bb -n "__fish_seen_subcommand_from proposals" -a "list show"
complete -c bb -n "__fish_seen_subcommand_from audit" -a "verify"
complete -c bb -n "__fish_seen_subcommand_from images" -a "base"
complete -c bb -n "__fish_seen_subcommand_from completion" -a "${SHELLS.join(' ')}"
complete -c bb -n "__fish_seen_subcommand_from init" -a "(__fish_complete_directories)"
${GLOBAL_FLAGS.split(' ')
  .map((flag) => `complete -c bb -l ${flag.slice(2)}`)
  .join('\n')}
`;
}

function allNames(): readonly string[] {
  return COMMAND_NAMES.map(({ name }) => name);
}

function namesFor(kind: NameKind): readonly string[] {
  return COMMAND_NAMES.filter(({ completes }) => completes === kind).map(({ name }) => name);
}
