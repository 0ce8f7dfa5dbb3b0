import type { CustomProviderSpec } from '../bottle-spec.ts';
import { PROMPT_FILE, type Provider } from './provider.ts';

/** A program that the agent file describes itself. */
export function custom(spec: CustomProviderSpec): Provider {
  const prompt = (hasPrompt: boolean) =>
    hasPrompt ? filled(spec.prompt ?? [], { promptFile: PROMPT_FILE }) : [];
  return {
    program: null,
    skills: spec.skills ?? '.bb/skills',
    transcripts: spec.resume === null ? null : spec.transcripts,
    session: ({ resume, hasPrompt }) =>
      resume && spec.resume !== null ? spec.resume : [...spec.command, ...prompt(hasPrompt)],
    headless: ({ text, hasPrompt }) =>
      spec.headless === null ? null : [...spec.headless, ...prompt(hasPrompt), text],
    registration: (url) => (spec.register === null ? null : filled(spec.register, { url })),
    env: () => ({}),
    files: () => [],
  };
}

/** Replaces `{name}` in each argument; what has no value stays as it is written. */
function filled(
  argv: readonly string[],
  values: { readonly [name: string]: string },
): readonly string[] {
  return argv.map((argument) =>
    argument.replace(/\{(\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
    ),
  );
}
