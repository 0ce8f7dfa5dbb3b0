import { createDockerBackend } from '../../backends/docker/docker-backend.ts';
import { parseFleetName } from '../../model/names.ts';
import type { Check } from '../doctor.ts';

/** Does an engine answer, and may we talk to it? */
export const checkEngine: Check = async ({ environment }) => {
  const availability = await createDockerBackend({ environment }).probe();
  if (!availability.available) {
    return { state: 'fail', detail: availability.reason, fix: availability.fix };
  }
  const runtimes = availability.runtimes.join(', ') || 'none named';
  return { state: 'ok', detail: `${availability.detail}; runtimes: ${runtimes}`, fix: null };
};

/** Are the images there that bottles start from? Their absence only makes the first pass slower. */
export const checkImages: Check = async ({ environment }) => {
  const fleet = parseFleetName('doctor');
  if (fleet === undefined) throw new Error('"doctor" is no fleet name any more');
  const observed = await createDockerBackend({ environment }).observe(fleet);
  if (!observed.available) {
    return { state: 'warn', detail: 'no engine to look in', fix: 'see "engine"' };
  }
  const { length } = observed.images;
  if (length > 0) return { state: 'ok', detail: `${length} images of bb`, fix: null };
  return {
    state: 'warn',
    detail: 'none built yet',
    fix: 'the first bb reconcile builds them; it needs the base image that the host config names',
  };
};
