import { approve } from './approve.ts';
import { audit } from './audit.ts';
import type { Benchmark } from './benchmark.ts';
import { cli } from './cli.ts';
import { drift } from './drift.ts';
import { egress } from './egress.ts';
import { egressDecision } from './egress-decision.ts';
import { embedded } from './embedded.ts';
import { embeddedStart } from './embedded-start.ts';
import { enforce } from './enforce.ts';
import { idle } from './idle.ts';
import { load } from './load.ts';
import { passes } from './passes.ts';
import { plan } from './plan.ts';
import { planSimulated } from './plan-simulated.ts';
import { start } from './start.ts';
import { supervise } from './supervise.ts';

/** All that `npm run bench` knows. */
export const BENCHMARKS: readonly Benchmark[] = [
  load,
  planSimulated,
  plan,
  passes,
  enforce,
  approve,
  supervise,
  audit,
  start,
  drift,
  embedded,
  embeddedStart,
  cli,
  idle,
  egress,
  egressDecision,
];
