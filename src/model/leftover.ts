import type { BottleName } from './names.ts';

/** Something of ours that no commit asks for, found by `bb cleanup`. */
export interface Leftover {
  readonly backend: string;
  readonly kind: 'container' | 'network' | 'state';
  readonly bottle: BottleName;
  readonly component: string;
  readonly name: string;
  readonly reason: string;
}
