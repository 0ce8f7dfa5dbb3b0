import { declareLives } from '../crash/bottle-lives.ts';

/** Every few steps: where exactly the process dies is another place in each run. */
await declareLives('many-deaths', 30);
