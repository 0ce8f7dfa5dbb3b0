import { expect, test } from 'vitest';
import { instanceFiles } from '../../src/desired/instance-files.ts';
import { bottleName } from '../builders/desired.ts';

test('an instance owns the sets that bear its name', () => {
  expect(instanceFiles(bottleName('dev'))).toEqual({
    routes: 'routes/dev.yaml',
    allowlist: 'allowlists/dev.yaml',
  });
});
