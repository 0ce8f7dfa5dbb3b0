import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { embeddedUnderTest } from '../../engines/embedded-under-test.ts';
import { hasUserManager, underUserManager } from './user-manager.ts';

const embedded = await embeddedUnderTest();
const FIXTURE = resolve(import.meta.dirname, 'fixtures/scoped-bottle.ts');

it.runIf(embedded.kind === 'embedded' && hasUserManager())(
  'where a user has a systemd, a bottle is in a scope of its own and outlives the unit of its controller',
  async () => {
    const said = await underUserManager(`
      node=${process.execPath}
      systemd-run --user --quiet --unit=bb-controller \\
        --setenv=PATH="$PATH" "$node" ${FIXTURE} start "$HOME/state"
      until [ -e "$HOME/state/started" ]; do
        systemctl --user is-active --quiet bb-controller.service || { systemctl --user status bb-controller.service; exit 1; }
        sleep 0.1
      done
      systemctl --user stop bb-controller.service
      echo "unit: $(systemctl --user is-active bb-controller.service)"
      "$node" ${FIXTURE} look "$HOME/state"
      scopes() { systemctl --user list-units --plain --no-legend 'bb-*.scope'; }
      # The manager hears of the end of their last process a moment later.
      for _ in $(seq 100); do [ -n "$(scopes)" ] || break; sleep 0.1; done
      scopes | wc -l
    `);
    expect(said.trim().split('\n')).toEqual([
      'unit: inactive',
      'limits by a systemd user slice (memory and cpu not limited)',
      'agent: running',
      'joined: alive in the same scope',
      'network: in a scope of its own',
      'removed',
      '0',
    ]);
  },
  60_000,
);
