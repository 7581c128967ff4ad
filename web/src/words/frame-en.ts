import type { SteeringView, SteeringWhy } from '#admin/contract.ts';
import type { FieldCode, ProblemWhy, Right } from '#admin/contract-common.ts';

/** Titles of the views; also what the navigation calls them. */
const views = {
  dashboard: 'Overview',
  torrents: 'Torrents',
  torrent: 'Torrent',
  flows: 'Connections',
  clients: 'Clients',
  disks: 'Disks',
  prefill: 'Pre-fill',
  whatIf: 'What if',
  signIn: 'Sign in',
  setUp: 'Set up',
};

const steering: Record<SteeringView['state'], string> = {
  armed: 'Working',
  disarmed: 'Standing by as a plain wire',
  failed: 'Not steering',
};
/** What the steering says of itself. */
const steeringWhy: Record<SteeringWhy, string> = {
  alive: 'the program is at work',
  starting: 'it is starting',
  stopped: 'it was stopped',
  'main-loop-silent': 'the program was too busy; new connections pass meanwhile',
  overload: 'more comes than it can bear; new connections pass meanwhile',
};

type OwnWhy = 'aborted' | 'no-answer' | 'garbled';
const problem: Record<ProblemWhy | OwnWhy, string> = {
  malformed: 'The box did not understand what the page sent.',
  'too-large': 'That is larger than the box takes.',
  'wrong-type': 'The box did not understand what the page sent.',
  invalid: 'Something that was entered is not right.',
  'not-found': 'There is no such thing (any more).',
  'not-signed-in': 'Sign in to do this.',
  'not-allowed': 'Your account may not do this.',
  'other-site': 'The request came from another site and was refused.',
  stale: 'Somebody else changed it meanwhile. Look at it again.',
  conflict: 'This does not go together with how things are now.',
  'too-many': 'Too many at once. Try again in a moment.',
  busy: 'The box is busy. Try again in a moment.',
  'not-available': 'This box cannot do that.',
  failed: 'The box tried and failed. Its log says more.',
  'wrong-password': 'Name or password is wrong.',
  'code-needed': 'The code of the authenticator app is needed.',
  'wrong-code': 'The code is wrong.',
  locked: 'Too many tries. Wait a little.',
  'weak-password': 'This password is too easy to guess.',
  'last-administrator': 'One administrator has to stay.',
  'not-set-up': 'The box is not set up yet.',
  'already-set-up': 'The box is set up already.',
  'typed-wrong': 'What was typed to confirm does not match.',
  'wrong-passphrase': 'The passphrase is wrong, or the file is damaged.',
  'not-a-backup': 'This file is no backup of a box.',
  'not-a-torrent': 'This file is no torrent.',
  'not-a-link': 'This is neither a magnet link, a qvod link nor an info-hash.',
  'disk-full': 'No room on the disk.',
  aborted: 'Not asked any more.',
  'no-answer': 'The box does not answer.',
  garbled: 'The answer of the box was not understood.',
};
const field: Record<FieldCode, string> = {
  'wrong-type': 'Not the right kind of value.',
  missing: 'Needed.',
  'unknown-field': 'The box does not know this.',
  'too-small': 'At least {minimum}.',
  'too-large': 'At most {maximum}.',
  'too-short': 'Too short.',
  'too-long': 'Too long.',
  'too-few': 'Too few.',
  'too-many': 'Too many.',
  'not-one-of': 'Not one of those possible.',
  'wrong-format': 'Not written the right way.',
  'not-unique': 'The same one twice.',
  conflict: 'Does not go together with another setting.',
};
const right: Record<Right, string> = { look: 'May look', operate: 'May operate', administer: 'Administrator' };

export const en = {
  views,
  steering,
  steeringWhy,
  problem,
  field,
  right,
  navigation: 'Views',
  toContent: 'To the content',
  otherLanguage: '中文',
  toLight: 'Light colours',
  toDark: 'Dark colours',
  upFor: (time: string) => `up ${time}`,
  connecting: 'Connecting to the box…',
  loading: 'Loading…',
  viewFailed: 'This part of the page could not be loaded.',
  viewUnknown: 'There is no such page.',
  notAllowed: 'Your account may not see this.',
  lost: (time: string) => `No connection to the box. These are the figures of ${time}.`,
  lostEarly: 'No connection to the box yet.',
  retryIn: (s: number) => `Next try in ${s} s`,
  retrying: 'Trying…',
  retryNow: 'Try now',
  again: 'Try again',
  signIn: 'Sign in',
  signOut: 'Sign out',
  guest: 'Guest',
  ok: 'OK',
  cancel: 'Cancel',
  close: 'Close',
  more: (n: number) => `${n.toLocaleString('en')} more not shown`,
  showAll: (n: number) => `Show all ${n.toLocaleString('en')}`,
  showFewer: 'Show fewer',
  unknown: 'unknown',
  never: 'never',
  justNow: 'just now',
  ago: (time: string) => `${time} ago`,
  waitS: (s: number) => `Try again in ${s} s.`,
  time: { d: ' d', h: ' h', min: ' min', s: ' s' },
};

export type FrameWords = typeof en;
