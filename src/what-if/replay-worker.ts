// Runs in a worker thread: reads the trace and puts it to the rules.
import { parentPort, workerData } from 'node:worker_threads';
import { TRACE_LIMITS } from '#trace/limits.ts';
import type { Session } from '#trace/session.ts';
import { sessionsIn } from '#trace/trace-files.ts';
import { compared, type Question } from './compare.ts';
import { Latest } from './demand.ts';
import type { WhatIfView } from './view.ts';

/** `open`: sessions under way, which are not written yet. */
export type ReplayJob = Question & {
  readonly folder: string;
  readonly open: readonly Session[];
  readonly nowMs: number;
};
/** Undefined: nothing was asked for. */
export type ReplayResult = WhatIfView | undefined;

const MINUTE_MS = 60_000;

async function replay({ folder, open, nowMs, diskBytes, seats }: ReplayJob): Promise<ReplayResult> {
  const beganMs = performance.now();
  const latest = new Latest();
  let lines = 0;
  for await (const session of sessionsIn(folder, () => lines++)) latest.add(session);
  for (const session of open) latest.add(session);
  const sessions = latest.sessions(Math.floor(nowMs / MINUTE_MS), TRACE_LIMITS.keepMs / MINUTE_MS);
  const view = compared(sessions, { diskBytes, seats });
  const leftOut = { lines, sessions: latest.leftOut };
  return view && { ...view, leftOut, tookMs: Math.round(performance.now() - beganMs) };
}

parentPort?.postMessage(await replay(workerData as ReplayJob));
