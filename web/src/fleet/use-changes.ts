import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import type { FleetNode, FleetTarget } from '#admin/contract-fleet.ts';
import { call } from '../frame/call.ts';
import { merged } from './merged.ts';
import { useAgain } from './use-again.ts';

type Got<T> = { rows: readonly T[]; isAll: boolean; upTo: number };
type Answered<T> = { ok: true; answer: Got<T> } | { ok: false; problem: Problem };
export type Changes<T> = {
  /** By name; undefined before the first answer. */
  rows?: ReadonlyMap<string, T>;
  problem?: Problem;
  again: () => void;
};

/**
 * A long list that is fetched once, and then only what has changed in it: whenever `rev` is another number, one question at a time. `key`: what it is a list of.
 */
function useChanges<T>(
  key: string,
  rev: number | undefined,
  nameOf: (row: T) => string,
  ask: (since: number | undefined, signal: AbortSignal) => Promise<Answered<T>>,
): Changes<T> {
  const [state, setState] = useState<{ key: string; rows?: ReadonlyMap<string, T>; problem?: Problem }>({ key });
  const upTo = useRef<number>(undefined);
  const asking = useRef<AbortController>(undefined);
  const isStale = useRef(false);
  const again = () => {
    // On a slow line an answer takes longer than it is new: it is waited for, and then asked anew.
    if (asking.current) {
      isStale.current = true;
      return;
    }
    const mine = new AbortController();
    asking.current = mine;
    isStale.current = false;
    void ask(upTo.current, mine.signal).then((got) => {
      if (mine.signal.aborted) return;
      asking.current = undefined;
      if (!got.ok) setState((before) => ({ ...before, problem: got.problem }));
      else {
        upTo.current = got.answer.upTo;
        const { rows, isAll } = got.answer;
        setState((before) => ({ key, rows: merged(before.rows ?? new Map(), rows, nameOf, isAll) }));
      }
      if (isStale.current) again();
    });
  };
  useEffect(() => {
    upTo.current = undefined;
    setState({ key });
    again();
    return () => {
      asking.current?.abort();
      asking.current = undefined;
    };
  }, [key]);
  useAgain(rev, again);
  const { rows, problem } = state.key === key ? state : { rows: undefined, problem: undefined };
  return { ...(rows && { rows }), ...(problem && { problem }), again };
}

/** All nodes of the fleet. */
export const useNodes = (rev: number | undefined): Changes<FleetNode> =>
  useChanges(
    'nodes',
    rev,
    ({ name }) => name,
    async (since, signal) => {
      const got = await call('GET /api/fleet/nodes', { query: since === undefined ? {} : { since }, signal });
      if (!got.ok) return got;
      return { ok: true, answer: { rows: got.answer.nodes, isAll: got.answer.isAll, upTo: got.answer.rev } };
    },
  );

/** How far all nodes of a distribution are. */
export const useTargets = (id: string, rev: number | undefined): Changes<FleetTarget> =>
  useChanges(
    id,
    rev,
    ({ node }) => node,
    async (since, signal) => {
      const query = since === undefined ? {} : { since };
      const got = await call('GET /api/fleet/distributions/{id}/targets', { params: { id }, query, signal });
      if (!got.ok) return got;
      return { ok: true, answer: { rows: got.answer.targets, isAll: got.answer.isAll, upTo: got.answer.nowMs } };
    },
  );
