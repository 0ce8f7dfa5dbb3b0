/** The one class of undici that egress uses: loading the whole library costs 35 ms of start-up. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';

  export = Pool;
}
