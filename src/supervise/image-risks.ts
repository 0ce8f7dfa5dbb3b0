/** What an operator should look at twice in a Dockerfile that an agent wrote, one sentence each. */
export function imageRisks(dockerfile: string): readonly string[] {
  const lines = dockerfile.replaceAll(/\\[ \t]*\n/g, ' ').split('\n');
  const instructions = lines.flatMap((line) => {
    const [, word = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.*)$/.exec(line) ?? [];
    return word === '' ? [] : [{ word: word.toUpperCase(), rest }];
  });
  const bases = instructions.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.trim());
  const runs = instructions.filter(({ word }) => word === 'RUN').length;
  const fetches = instructions.filter(
    ({ word, rest }) => word === 'ADD' && /(?:https?|ssh|git):|git@/i.test(rest),
  );
  const copies = instructions
    .filter(({ word, rest }) => word === 'COPY' && !rest.includes('--from='))
    .map(({ rest }) => rest);
  return [
    'replaces the agent’s container: what is only in its memory or outside its files is lost',
    ...bases.map((base) => `is built on ${base}`),
    ...(runs === 0
      ? []
      : [
          `runs ${runs} of its own commands while it is built, with whatever network the build has`,
        ]),
    ...copies.map((rest) => `takes in files of the tree: ${rest.trim()}`),
    ...fetches.map(({ rest }) => `fetches while it is built: ${rest.trim()}`),
  ];
}
