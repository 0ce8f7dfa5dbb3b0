import { mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Backend, BackendError } from '../../src/backends/backend.ts';
import { createBottleRecords } from '../../src/controller/adapters/bottle-records.ts';
import { keepSessions, keptSessions } from '../../src/controller/kept-sessions.ts';
import { type RunningAgent, sessionArgv } from '../../src/controller/provider-session.ts';
import type { ProviderSpec } from '../../src/model/bottle-spec.ts';
import type { CopiedFile } from '../../src/model/component.ts';
import { customProvider } from '../builders/desired.ts';
import { AGENT_AT_HOME, homeShell } from '../builders/home-shell.ts';
import { temporaryFolder } from '../builders/state-directory.ts';

const CLAUDE: ProviderSpec = { kind: 'claude', login: 'bearer' };
const CODEX: ProviderSpec = { kind: 'codex', login: 'bearer' };
const OWN = customProvider({
  command: ['agent'],
  resume: ['agent', '--last'],
  transcripts: '.agent/*.log',
});
const TRANSCRIPTS = [
  [CLAUDE, '.claude/projects/-home-agent-work/0b1c.jsonl', '--continue'],
  [CODEX, '.codex/sessions/2030/01/02/rollout-0b1c.jsonl', 'resume'],
  [OWN, '.agent/0b1c.log', '--last'],
] as const;

async function atHome() {
  const shell = await homeShell();
  onTestFinished(() => shell[Symbol.asyncDispose]());
  return {
    ...shell,
    agent: (provider: ProviderSpec): RunningAgent => ({
      backend: shell.backend,
      ref: AGENT_AT_HOME,
      spec: { provider, prompt: null },
      label: null,
    }),
    async write(path: string, text: string) {
      await mkdir(dirname(join(shell.home, path)), { recursive: true });
      await writeFile(join(shell.home, path), text);
    },
  };
}

describe('a session', () => {
  test.for(TRANSCRIPTS)(
    'R10: of %j begins anew until its own %s has words',
    async ([provider, path, flag]) => {
      const { agent, write } = await atHome();
      const argv = (isNew = false) => sessionArgv(agent(provider), { isNew });
      expect(await argv()).not.toContain(flag);
      await write(path, '');
      expect(await argv()).not.toContain(flag);
      await write(`${path}.other`, 'not a transcript');
      expect(await argv()).not.toContain(flag);
      await write(path, '{"said": "something"}\n');
      expect(await argv()).toContain(flag);
      expect(await argv(true)).not.toContain(flag);
    },
  );

  test('D5: is not begun anew because nobody could look for the last one', async () => {
    const { agent, backend, write } = await atHome();
    await write('.agent/1.log', 'said');
    const problem = { code: 'timeout', kind: 'transient', message: 'too slow' } as const;
    const broken = Object.assign(Object.create(backend), {
      exec: async () => Promise.reject(new BackendError(problem)),
    });
    const running = { ...agent(OWN), backend: broken };
    await expect(sessionArgv(running, { isNew: false })).rejects.toThrow('too slow');
    expect(await sessionArgv(agent(OWN), { isNew: false })).toEqual(['agent', '--last']);
    expect(await sessionArgv(running, { isNew: true })).toEqual(['agent']);
  });

  test('D5: is one program, so that the failure of a resumed one starts no second', async () => {
    const { agent, write } = await atHome();
    for (const [provider, path] of TRANSCRIPTS) {
      await write(path, 'said');
      const argv = await sessionArgv(agent(provider), { isNew: false });
      expect(argv.join(' ')).not.toMatch(/[|;&]|^sh\b/);
    }
  });
});

describe('an agent that is replaced', () => {
  async function kept(
    provider: ProviderSpec,
    prepare: (home: string) => Promise<void>,
    broken: Partial<Backend> = {},
    made: readonly CopiedFile[] = [],
  ) {
    const { home, backend: whole } = await atHome();
    const backend = Object.assign(whole, broken);
    const state = await temporaryFolder();
    onTestFinished(() => state[Symbol.asyncDispose]());
    const records = createBottleRecords(state.path);
    const { bottle } = AGENT_AT_HOME;
    await mkdir(join(state.path, 'bottles', bottle), { recursive: true });
    await prepare(home);
    const warnings: string[] = [];
    const warn = async ({ message }: { readonly message: string }) => void warnings.push(message);
    await keepSessions({ provider }, AGENT_AT_HOME, { backend, records, warn });
    const host = { agentUser: { uid: 1000, gid: 1000 } };
    const files = await keptSessions({ provider }, { bottle, records, host }, made);
    return { files, warnings, records, bottle, host };
  }

  test.for(TRANSCRIPTS)('%j goes on with %s', async ([provider, path]) => {
    const { files, warnings, records, bottle, host } = await kept(provider, async (home) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), 'said before');
      await writeFile(join(home, '.netrc'), 'machine api.example.test');
    });
    expect(warnings).toEqual([]);
    const content = Buffer.from('said before');
    expect(files).toEqual([{ path, content, mode: 0o600, uid: 1000, gid: 1000 }]);
    const shell: ProviderSpec = customProvider({ transcripts: null });
    expect(await keptSessions({ provider: shell }, { bottle, records, host }, [])).toEqual([]);
    await records.remove(bottle);
    expect(await keptSessions({ provider }, { bottle, records, host }, [])).toEqual([]);
  });

  test('one that never had a session has nothing to go on with', async () => {
    expect(await kept(OWN, async () => undefined)).toMatchObject({ files: [], warnings: [] });
  });

  test('one that puts a link where its transcript belongs gets nothing of what it leads to', async () => {
    const { files } = await kept(OWN, async (home) => {
      await mkdir(join(home, '.agent'));
      await writeFile(join(home, '.agent/1.log'), 'said');
      await symlink('/etc/passwd', join(home, '.agent/2.log'));
    });
    expect(files.map(({ path }) => path)).toEqual(['.agent/1.log']);
  });

  const said =
    (path: string, text = 'said') =>
    async (home: string) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text);
    };

  test('one that hangs while it is asked is told of, and is replaced all the same', async () => {
    const hangs = async () => {
      const message = 'sh did not \u001b[31mend';
      throw new BackendError({ code: 'timeout', kind: 'transient', message });
    };
    const { files, warnings } = await kept(OWN, said('.agent/1.log'), { exec: hangs });
    expect(files).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('sh did not \\x1b[31mend')]);
  });

  test('one that an engine cannot be asked about now stays', async () => {
    const isDown = async () => {
      throw new BackendError({ code: 'unavailable', kind: 'transient', message: 'no engine' });
    };
    for (const broken of [{ exec: isDown }, { copyOut: isDown }]) {
      await expect(kept(OWN, said('.agent/1.log'), broken)).rejects.toThrow('no engine');
    }
  });

  test('one whose files cannot be copied out of its sandbox goes on by what its programs read', async () => {
    const isClosed = async () => {
      throw new BackendError({ code: 'not-supported', kind: 'terminal', message: 'a sandbox' });
    };
    const text = 'said before '.repeat(800_000);
    const { files, warnings } = await kept(OWN, said('.agent/1.log', text), { copyOut: isClosed });
    expect(warnings).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual(['.agent/1.log']);
    expect(Buffer.from(files[0]?.content as Uint8Array).equals(Buffer.from(text))).toBe(true);
    const saidTooMuch = {
      copyOut: isClosed,
      exec: async () => {
        const stdout = Buffer.alloc(4 * 1024 * 1024).toString('base64');
        return { exitCode: 0, stdout, stderr: '', truncated: false };
      },
    };
    const cut = await kept(OWN, said('.agent/1.log'), saidTooMuch);
    expect(cut.files).toEqual([]);
    expect(cut.warnings).toEqual([expect.stringContaining('is larger than')]);
  });

  test('one that has more than is kept goes on with the newest', async () => {
    const { files, warnings } = await kept(OWN, async (home) => {
      await said('.agent/new.log')(home);
      await said('.agent/old.log')(home);
      await truncate(join(home, '.agent/old.log'), 80 * 1024 * 1024);
      await utimes(join(home, '.agent/old.log'), 1000, 1000);
    });
    expect(files.map(({ path }) => path)).toEqual(['.agent/new.log']);
    expect(warnings).toEqual([expect.stringContaining('only the newest fit')]);
  });

  test('one whose transcripts lie where bb puts a file gets that file', async () => {
    const made = ['.agent/prompt.log', '.agent/folder.log/a'].map((path) => ({
      ...{ path, content: new Uint8Array(), mode: 0o600, uid: 1000, gid: 1000 },
    }));
    const prepare = async (home: string) => {
      for (const name of ['prompt', 'folder', 'own']) await said(`.agent/${name}.log`)(home);
    };
    const { files } = await kept(OWN, prepare, {}, made);
    expect(files.map(({ path }) => path)).toEqual(['.agent/own.log']);
    expect((await kept(OWN, prepare)).files).toHaveLength(3);
  });

  test('one that makes it impossible is told of, and is replaced all the same', async () => {
    const { files, warnings } = await kept(OWN, async (home) => {
      await mkdir(join(home, '.agent'));
      await writeFile(join(home, '.agent/1.log'), 'said');
      await writeFile(join(home, '.bb'), 'in the way');
    });
    expect(files).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('does not have all sessions')]);
  });
});
