import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AllowlistEntry, DenyEntry, EgressRoute } from '../../../src/model/egress-route.ts';
import { fingerprint } from '../../../src/model/fingerprint.ts';
import type { EgressSecrets, EgressStatus, UpstreamSettings } from '../../../src/model/sidecar.ts';
import { ALLOCATOR, NODE_FLAGS } from '../../../src/sidecars/bundle/program-list.ts';
import { eventually } from '../../eventually.ts';

/** What a test says of a table; the rest is filled in and hashed. */
export interface TableParts {
  readonly routes?: readonly EgressRoute[];
  readonly allowlist?: readonly AllowlistEntry[];
  readonly deny?: readonly DenyEntry[];
  readonly upstream?: Partial<UpstreamSettings>;
  /** Name → value. */
  readonly secrets?: { readonly [name: string]: string };
}

/** The two files of a generation as the controller would render them. */
export function renderTable(
  generation: number,
  parts: TableParts,
): { table: object; secrets: EgressSecrets } {
  const secrets = Object.fromEntries(
    Object.entries(parts.secrets ?? {}).map(([name, value]) => [
      name,
      { version: fingerprint(value).slice(0, 12), value },
    ]),
  );
  const hashed = {
    routes: parts.routes ?? [],
    allowlist: parts.allowlist ?? [],
    ...(parts.deny === undefined ? {} : { deny: parts.deny }),
    upstream: { hosts: {}, trustedCaPem: [], ...parts.upstream },
    secrets: Object.fromEntries(
      Object.entries(secrets).map(([name, { version }]) => [name, version]),
    ),
  };
  return { table: { generation, bottle: 'dev', hash: fingerprint(hashed), ...hashed }, secrets };
}

/** An egress sidecar that runs as a process of its own with folders of its own. */
export class EgressHarness implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'bb-egress-'));
  #child: ChildProcess | null = null;
  #generation = 0;
  #output = '';

  constructor() {
    mkdirSync(join(this.root, 'egress/in'), { recursive: true });
  }

  get caFile(): string {
    return join(this.root, 'egress/out/ca.pem');
  }

  get port(): number {
    return this.status()?.port ?? 0;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything that the process printed. */
  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    rmSync(join(this.root, 'egress/out/status.json'), { force: true });
    const child = spawn(process.execPath, [...NODE_FLAGS, 'src/sidecars/egress/main.ts'], {
      env: {
        ...process.env,
        ...ALLOCATOR,
        BB_SIDECAR_ROOT: this.root,
        BB_EGRESS_LISTEN: '127.0.0.1:0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    await eventually('egress writes its status', () => this.status() !== null);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }

  status(): EgressStatus | null {
    try {
      return JSON.parse(readFileSync(join(this.root, 'egress/out/status.json'), 'utf8'));
    } catch {
      return null;
    }
  }

  /** Publishes a generation as the controller does, by renaming `current`; gives its number. */
  publish(parts: TableParts): number {
    const { table, secrets } = renderTable(this.#generation + 1, parts);
    return this.publishFiles({
      'table.json': JSON.stringify(table),
      'secrets.json': JSON.stringify(secrets),
    });
  }

  /** The same with files of the test's making. */
  publishFiles(files: { readonly [name: string]: string }): number {
    this.#generation += 1;
    const folder = join(this.root, 'egress/in', `gen-${this.#generation}`);
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
    const link = join(this.root, 'egress/in/next');
    symlinkSync(`gen-${this.#generation}`, link);
    renameSync(link, join(this.root, 'egress/in/current'));
    return this.#generation;
  }

  /** Publishes and waits until it is enforced. */
  async enforce(parts: TableParts): Promise<EgressStatus> {
    const generation = this.publish(parts);
    return eventually(`generation ${generation} is enforced`, () => {
      const status = this.status();
      return status?.generation === generation ? status : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A running sidecar, with a table where one is given. */
export async function startEgress(parts?: TableParts): Promise<EgressHarness> {
  const egress = new EgressHarness();
  const generation = parts === undefined ? 0 : egress.publish(parts);
  await egress.start();
  await eventually('the first table is enforced', () => egress.status()?.generation === generation);
  return egress;
}
