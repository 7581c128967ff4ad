/** What the frame says in other words on the page of a central. */
export const en = {
  problem: {
    malformed: 'The central did not understand what the page sent.',
    'too-large': 'That is larger than the central takes.',
    'wrong-type': 'The central did not understand what the page sent.',
    busy: 'The central is busy. Try again in a moment.',
    'not-available': 'This central cannot do that.',
    failed: 'The central tried and failed. Its log says more.',
    'not-set-up': 'The central is not set up yet.',
    'already-set-up': 'The central is set up already.',
    'disk-full': 'The disk of the central has no room for that.',
    'no-answer': 'The central does not answer.',
    garbled: 'The answer of the central was not understood.',
  },
  connecting: 'Connecting to the central…',
  lost: (time: string) => `No connection to the central. These are the figures of ${time}.`,
  lostEarly: 'No connection to the central yet.',
};
export type CentralFrameWords = typeof en;
