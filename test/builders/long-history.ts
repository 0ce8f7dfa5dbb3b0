import { execa } from 'execa';

/**
 * Puts `count` approvals for a bottle on top of `main`, each with the note of its application, by one `fast-import`.
 * The working tree stays as it was.
 */
export async function importApprovals(root: string, bottle: string, count: number): Promise<void> {
  const startedAt = 1_700_000_000;
  const commits = Array.from({ length: count }, (_, index) => {
    const host = `host-${index}.example.test`;
    const hosts = Array.from({ length: (index % 20) + 1 }, (_each, back) => index - back);
    const text = `hosts:\n${hosts.map((each) => `  - host-${each}.example.test\n`).join('')}`;
    return [
      'commit refs/heads/main',
      `mark :${index + 1}`,
      `committer Olga <olga@example.test> ${startedAt + index * 60} +0000`,
      data(approval(host, bottle, index)),
      index === 0 ? 'from refs/heads/main^0' : `from :${index}`,
      `M 100644 inline desired-state/allowlists/${bottle}.yaml`,
      data(text),
    ];
  });
  const notes = commits.flatMap((_commit, index) => {
    const at = new Date((startedAt + index * 60 + 1) * 1_000).toISOString();
    const applied = [{ bottle, actions: 1, result: 'done' }];
    return [`N inline :${index + 1}`, data(`${JSON.stringify({ at, applied })}\n`)];
  });
  const hasNotes = (await execa('git', ['for-each-ref', 'refs/notes/bb'], { cwd: root })).stdout;
  const input = [
    ...commits.flat(),
    'commit refs/notes/bb',
    `committer Olga <olga@example.test> ${startedAt + count * 60} +0000`,
    data('bb'),
    ...(hasNotes === '' ? [] : ['from refs/notes/bb^0']),
    ...notes,
    'done',
    '',
  ].join('\n');
  await execa('git', ['fast-import', '--quiet', '--done'], { cwd: root, input });
}

function approval(host: string, bottle: string, index: number): string {
  const trailers = [
    'Bb-Action: approve',
    `Bb-Proposal: 01${String(index).padStart(24, '0')}`,
    `Bb-Bottle: ${bottle}`,
    'Bb-Tool: pipelock-block',
    'Bb-Operator: olga@desk',
    'Bb-Justification: the task needs it',
  ];
  return `Allow ${host} for ${bottle}\n\nAsked for: ${host}.\n\n${trailers.join('\n')}\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`;
}
