import { signInAs } from './access-answers.ts';
import { setHistory } from './figure-answers.ts';
import { setFleetEmpty } from './fleet-answers.ts';
import { setEmpty } from './live-answers.ts';

/** How the made-up box misbehaves. */
export type Mode = {
  /** Routes that fail: `GET /api/tasks`, or a part of it. */
  fail: readonly string[];
  /** ms that every answer takes. */
  delayMs: number;
  /** The socket opens and says nothing. */
  isSilent: boolean;
  /** It is a fleet's central, and its page `central.html`. */
  isCentral: boolean;
};
export let mode: Mode = { fail: [], delayMs: 0, isSilent: false, isCentral: false };

const WHO = ['look', 'operate', 'administer', 'none', 'guest', 'new'] as const;

/**
 * Set by the address that the page is opened with: `/?as=look&fail=/api/tasks&delay=300&box=empty&history=off&live=silent`. What is not named is
 * as it should be.
 */
export function setMode(query: URLSearchParams, isCentral = false): void {
  mode = {
    isCentral,
    fail: query.getAll('fail'),
    delayMs: Number(query.get('delay') ?? 0),
    isSilent: query.get('live') === 'silent',
  };
  signInAs(WHO.find((who) => who === query.get('as')) ?? 'administer');
  setEmpty(query.get('box') === 'empty');
  setFleetEmpty(query.get('box') === 'empty');
  setHistory(query.get('history') !== 'off');
}
