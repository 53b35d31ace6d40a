/** What is needed of a program to complete its command lines; commander's `Command` has it. */
export interface Completable {
  name(): string;
  readonly commands: readonly Completable[];
  readonly options: readonly {
    readonly long?: string | undefined;
    readonly hidden?: boolean;
    readonly argChoices?: readonly string[] | undefined;
  }[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * A script that completes commands, options and the values that an option allows; everything else completes as a file name. Load it with
 * `source <(PROGRAM completion bash)`, in fish `PROGRAM completion fish | source`.
 * @param bin what the user types
 */
export function completionScript(shell: Shell, bin: string, program: Completable): string {
  const words = wordsOf(program);
  return shell === 'fish' ? fish(bin, words) : bash(bin, words, shell === 'zsh');
}

interface Words {
  readonly command: string;
  readonly options: readonly string[];
  readonly choices: readonly (readonly [option: string, values: readonly string[]])[];
}

const wordsOf = ({ commands }: Completable): Words[] =>
  commands.map((command) => {
    const shown = command.options.filter(({ long, hidden }) => long !== undefined && !hidden);
    return {
      command: command.name(),
      options: [...shown.map(({ long }) => long!), '--help'],
      choices: shown.flatMap(({ long, argChoices }) => (argChoices ? [[long!, argChoices] as const] : [])),
    };
  });

const functionOf = (bin: string): string => `_${bin.replace(/\W/g, '_')}`;

function bash(bin: string, words: readonly Words[], zsh: boolean): string {
  const name = functionOf(bin);
  const cases = words.map(({ command, options }) => `    ${command}) options="${options.join(' ')}" ;;`);
  const values = words.flatMap(({ command, choices }) =>
    choices.map(([option, allowed]) => `    "${command} ${option}") options="${allowed.join(' ')}" ;;`),
  );
  const lines = [
    ...(zsh ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    `${name}() {`,
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="${COMP_WORDS[1]}" options=""',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${words.map(({ command }) => command).join(' ')} --help" -- "$word"))`,
    '    return',
    '  fi',
    '  case "$command $before" in',
    ...values,
    '  esac',
    '  if [ -n "$options" ]; then COMPREPLY=($(compgen -W "$options" -- "$word")); return; fi',
    '  case "$command" in',
    ...cases,
    '  esac',
    '  if [ "${word#-}" != "$word" ]; then COMPREPLY=($(compgen -W "$options" -- "$word")); else COMPREPLY=($(compgen -f -- "$word")); fi',
    '}',
    `complete -o filenames -F ${name} ${bin}`,
  ];
  return `${lines.join('\n')}\n`;
}

function fish(bin: string, words: readonly Words[]): string {
  const names = words.map(({ command }) => command).join(' ');
  const lines = words.flatMap(({ command, options, choices }) => [
    `complete -c ${bin} -n "not __fish_seen_subcommand_from ${names}" -f -a ${command}`,
    ...options.map((option) => {
      const values = choices.find(([name]) => name === option)?.[1];
      const allowed = values ? ` -x -a "${values.join(' ')}"` : '';
      return `complete -c ${bin} -n "__fish_seen_subcommand_from ${command}" -l ${option.slice(2)}${allowed}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}
