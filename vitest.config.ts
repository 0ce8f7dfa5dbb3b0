import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/slowest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // By `npm run test:long` alone, and by the commands that name an engine.
    exclude: [
      ...(process.env['BB_TEST_LONG'] === undefined ? ['test/long/**'] : []),
      ...(process.env['BB_TEST_VARIANT'] === undefined
        ? ['test/escape/docker.test.ts', 'test/clients/docker.test.ts']
        : []),
    ],
    globalSetup: ['./test/engines/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // What is waited for comes at once on an idle machine; the second that Vitest gives it is too little on a busy one.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', './test/counting-reporter.ts'],
    pool: 'forks',
    // Most tests wait for processes, git and engines: two at a time are quicker on any machine, three crowd two cores.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
  },
});
