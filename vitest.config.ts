import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Long tests run by `npm run test:long` alone.
    exclude: process.env['BB_TEST_LONG'] === undefined ? ['test/long/**'] : [],
    globalSetup: ['./test/engines/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/counting-reporter.ts'],
    pool: 'forks',
  },
});
