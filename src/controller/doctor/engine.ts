import { createDockerBackend } from '../../backends/docker/docker-backend.ts';
import { reversePathOfNewBridges } from '../../backends/docker/reverse-path.ts';
import { probeMachine } from '../../backends/embedded/probe.ts';
import { parseFleetName } from '../../model/names.ts';
import { endpointOf, hasBaseImage } from '../adapters/host-base-image.ts';
import type { ControllerOptions } from '../api.ts';
import type { Check, CheckResult } from '../doctor.ts';
import { DEFAULT_BASE } from '../host-config.ts';
import { hostConfigOf } from './host-config.ts';

/** Does the engine that the host's configuration names answer, and may we talk to it? Bottles may do without. */
export const checkEngine: Check = async (options) => {
  const engine = await engineOf(options);
  if (engine === null) return unknownHost('fail');
  const availability = await createDockerBackend(engine).probe();
  if (!availability.available) {
    const without = await probeMachine(options.environment['PATH']);
    const { reason, fix } = availability;
    return without.available
      ? { state: 'warn', detail: `${reason}; bottles are embedded`, fix }
      : { state: 'fail', detail: reason, fix };
  }
  const runtimes = availability.runtimes.join(', ') || 'none named';
  const detail = `${availability.detail}; runtimes: ${runtimes}`;
  return (await hearsBroadcasts(engine))
    ? {
        state: 'warn',
        detail: `${detail}; services of this host that listen by UDP hear what agents say to everybody`,
        fix: 'sysctl -w net.ipv4.conf.all.rp_filter=2, and the same in /etc/sysctl.d',
      }
    : { state: 'ok', detail, fix: null };
};

/** Root sees to it for each bottle by itself. */
async function hearsBroadcasts(engine: Parameters<typeof endpointOf>[0]): Promise<boolean> {
  const resolved = endpointOf(engine);
  const isHere = resolved.kind === 'endpoint' && resolved.endpoint.kind === 'unix';
  return isHere && process.getuid?.() !== 0 && (await reversePathOfNewBridges()) === 'none';
}

/** Is the base there that images are built over? What was built over it before starts without it. */
export const checkImages: Check = async (options) => {
  const engine = await engineOf(options);
  if (engine === null) return unknownHost('warn');
  const fleet = parseFleetName('doctor');
  if (fleet === undefined) throw new Error('"doctor" is no fleet name any more');
  const observed = await createDockerBackend(engine).observe(fleet);
  if (!observed.available) {
    return { state: 'warn', detail: 'no engine to look in', fix: 'see "engine"' };
  }
  const base = engine.base ?? DEFAULT_BASE;
  const { length: built } = observed.images;
  if (await hasBaseImage(base, engine)) {
    return { state: 'ok', detail: `base ${base}; ${built} images of bb`, fix: null };
  }
  return {
    state: built === 0 ? 'fail' : 'warn',
    detail: `the engine does not have the base ${base}; ${built} images of bb`,
    fix: `docker pull ${base}; or, without a registry, bb images base imports this machine's programs as one`,
  };
};

async function engineOf(options: ControllerOptions) {
  const config = await hostConfigOf(options);
  if (config === null) return null;
  const { environment } = options;
  const { host } = config.docker;
  const { base } = config.images;
  return { environment, base, ...(host === null ? {} : { endpoint: host }) };
}

function unknownHost(state: 'fail' | 'warn'): Omit<CheckResult, 'name'> {
  return {
    state,
    detail: 'not looked for: the host config is not valid',
    fix: 'see "host config"',
  };
}
