/**
 * A change that takes itself back unless somebody confirms it, as the page sees it: pure, told the time. The page may lose the box by the very change,
 * so it goes on counting by itself, and says where else to look.
 *
 * Invariant: `reverted` is said only when the box answers that nothing is waiting and nobody here confirmed or took back.
 */
import type { Unconfirmed } from '#admin/contract-common.ts';

export type Matter = 'settings' | 'network';

export type ConfirmState =
  | { readonly kind: 'none' }
  /** `isSilent`: the box does not answer here any more. */
  | { readonly kind: 'waiting'; readonly change: Waiting; readonly isSilent: boolean }
  /** `wanted`: the answer to this is under way. */
  | { readonly kind: 'sending'; readonly change: Waiting; readonly wanted: 'keep' | 'take-back' }
  | { readonly kind: 'ended'; readonly matter: Matter; readonly how: 'kept' | 'taken-back' | 'reverted' };

export type Waiting = {
  readonly matter: Matter;
  readonly token: string;
  /** By the box's clock. */
  readonly untilMs: number;
  readonly addresses: readonly string[];
};

export type ConfirmEvent =
  /** What the box says is waiting; undefined: nothing. */
  | { readonly kind: 'told'; readonly matter: Matter; readonly change: Unconfirmed | undefined }
  | { readonly kind: 'silent' }
  /** Nobody is signed in here any more: whoever signs in is told anew. */
  | { readonly kind: 'barred' }
  | { readonly kind: 'answer'; readonly wanted: 'keep' | 'take-back' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'done' }
  | { readonly kind: 'seen' };

export const NOTHING_WAITS: ConfirmState = { kind: 'none' };

export function nextConfirm(state: ConfirmState, event: ConfirmEvent): ConfirmState {
  switch (event.kind) {
    case 'told':
      return told(state, event.matter, event.change);
    case 'silent':
      return state.kind === 'waiting' ? { ...state, isSilent: true } : state;
    case 'barred':
      return state.kind === 'waiting' ? NOTHING_WAITS : state;
    case 'answer':
      return state.kind === 'waiting' ? { kind: 'sending', change: state.change, wanted: event.wanted } : state;
    case 'failed':
      return state.kind === 'sending' ? { kind: 'waiting', change: state.change, isSilent: true } : state;
    case 'done':
      if (state.kind !== 'sending') return state;
      return { kind: 'ended', matter: state.change.matter, how: state.wanted === 'keep' ? 'kept' : 'taken-back' };
    case 'seen':
      return state.kind === 'ended' ? NOTHING_WAITS : state;
  }
}

function told(state: ConfirmState, matter: Matter, change: Unconfirmed | undefined): ConfirmState {
  if (change) {
    // One that is being answered is not begun anew by an answer that was under way before.
    if (state.kind === 'sending' && state.change.token === change.token) return state;
    return { kind: 'waiting', change: { matter, ...change }, isSilent: false };
  }
  if (state.kind === 'waiting' && state.change.matter === matter) return { kind: 'ended', matter, how: 'reverted' };
  return state;
}

/** Whole seconds that are left, never below none. */
export const leftS = (untilMs: number, boxNowMs: number): number => Math.max(0, Math.ceil((untilMs - boxNowMs) / 1000));

/** Where to open the page, as links; only what is a web address: the box's word is not run. */
export function linksOf(addresses: readonly string[], here: { protocol: string; port: string }): string[] {
  return addresses.flatMap((address) => {
    if (/^https?:\/\//.test(address)) return [address];
    const host = address.replace(/\/\d{1,3}$/, '');
    if (!/^[0-9A-Za-z.:[\]-]{1,255}$/.test(host)) return [];
    const isBareV6 = host.includes(':') && !host.startsWith('[') && host.split(':').length > 2;
    const name = isBareV6 ? `[${host}]` : host;
    const hasPort = /\]?:\d{1,5}$/.test(name) && !name.endsWith(']');
    return [`${here.protocol}//${name}${hasPort || here.port === '' ? '' : `:${here.port}`}/`];
  });
}
