import { declareLives } from './bottle-lives.ts';

/** In the middle of everything; all over it in `test/long/bottle-deaths`. */
await declareLives('deaths', 1);
