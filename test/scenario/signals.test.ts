import { test } from 'vitest';
import { embeddedUnderTest } from '../engines/embedded-under-test.ts';
import { onEngine } from './engine.ts';
import { scenario } from './scenario.ts';
import { signalsReachPrograms } from './signals.ts';

const title = 'a signal to bb exec must reach the program inside, and its end be the exit code';

await onEngine('signals', (engine) => {
  scenario(`docker: ${title}`, { engine, timeoutMs: 90_000 }, async (fleet) => {
    await fleet.done('reconcile');
    await signalsReachPrograms(fleet);
  });
});

const place = await embeddedUnderTest();
if (place.kind === 'none') test.skip(`signals in embedded bottles: ${place.reason}`);
else {
  const options = { engine: null, isEmbedded: true, timeoutMs: 90_000 };
  scenario(`embedded: ${title}`, options, async (fleet) => {
    await fleet.done('reconcile');
    await signalsReachPrograms(fleet);
  });
}
