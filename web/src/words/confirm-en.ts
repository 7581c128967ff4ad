export const en = {
  title: { settings: 'The new settings are not confirmed yet', network: 'The new address is not confirmed yet' },
  left: (s: number) => `In ${s} s it takes itself back.`,
  text: 'If you can still reach the box, keep them. If you do nothing, everything becomes as it was.',
  silent: 'The box does not answer here any more. Open it at its new address and confirm there:',
  also: 'It can also be reached at:',
  waitOut: 'Nowhere? Wait: it takes itself back, and answers here again.',
  keep: 'Keep it',
  takeBack: 'Take it back now',
  ended: {
    kept: 'Confirmed: the change stays.',
    'taken-back': 'Taken back: everything is as it was.',
    reverted: 'Nobody confirmed the change, so it took itself back. Everything is as it was.',
  },
  close: 'Close',
};
export type ConfirmWords = typeof en;
