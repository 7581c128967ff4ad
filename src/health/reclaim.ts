import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { giveBackMemory } from '#kernel/libc.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Has the machine get back at once what nobody uses any more. By themselves JavaScript collects when more is asked for, and malloc keeps what it
 * was given back: a box that has let its clients go would look short of memory for as long as nothing happens.
 */
export function reclaim(): void {
  collectGarbage();
  giveBackMemory();
}
