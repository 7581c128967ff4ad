/**
 * What recording demand costs, and what a look at it does: a made-up week of a campus, some 24,000 sessions and a million segments.
 *
 *   node scripts/bench/trace-week.ts    {"sessions","segments","fileMB","replaySeconds","cpuSeconds","threadMB","loopDelayMs","saved","nsPerAsk","nsPerAskOfMany"}
 *
 * `threadMB`: what the process grew by; `loopDelayMs`: the longest that its event loop waited meanwhile; `nsPerAsk`: of CPU, of one client and of a thousand by turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { type InfoHash, MIB } from '#base/units.ts';
import { Pseudonyms } from '#trace/pseudonyms.ts';
import { Recorder } from '#trace/recorder.ts';
import { lineOf, type Session } from '#trace/session.ts';
import { TraceFiles } from '#trace/trace-files.ts';
import { WhatIf } from '#what-if/what-if.ts';

const SESSIONS = 24_000;
const TORRENTS = 12_000;
const WEEK_MIN = 7 * 24 * 60;
const ASKS = 2_000_000;

/** Multiplicative congruential, Lehmer's: the same week each time. */
function seeded(): () => number {
  let state = 4_711;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

/** Popularity and sizes as of the published traces: Zipf with 0.6, a median of 650 MB. */
function* week(nowMin: number): Generator<Session> {
  const random = seeded();
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sizes = Array.from({ length: TORRENTS }, () =>
    Math.max(1, Math.min(700, Math.round(39 * Math.exp(0.5 * normal())))),
  );
  for (let i = 0; i < SESSIONS; i++) {
    const torrent = Math.floor(TORRENTS * random() ** 2.5);
    const segments = sizes[torrent] as number;
    const atMin = nowMin - WEEK_MIN + 60 + Math.floor(((i + random()) / SESSIONS) * (WEEK_MIN - 240));
    const wants = random() < 0.25 ? Math.ceil(random() * segments) : segments;
    const perMin = 4 + Math.floor(20 * random());
    const asked: number[] = [];
    for (let first = 0; first < wants; first += perMin)
      asked.push(first / perMin, first, Math.min(perMin, wants - first));
    const stayMin = Math.ceil(wants / perMin) - 1;
    const client = i.toString(16).padStart(8, '0');
    yield {
      atMin,
      torrent,
      segments,
      pieceKib: 1024,
      client,
      asked,
      stayMin,
      servedMib: 16 * wants,
      fetchedMib: 8 * wants,
    };
  }
}

/** Nanoseconds for one request, `clients` of them taking turns. */
function nsPerAsk(clients: number): number {
  const names = new Pseudonyms(Buffer.alloc(32));
  const recorder = new Recorder({ clock: realClock, names, write: () => {} });
  const demand = recorder.torrent({
    infoHash: 'a'.repeat(40) as InfoHash,
    totalBytes: 4_096 * MIB,
    pieceLength: MIB,
    pieceCount: 4_096,
  });
  const ips = Array.from({ length: clients }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const before = process.cpuUsage();
  for (let i = 0; i < ASKS; i++) {
    const ip = ips[i % clients] as string;
    demand.asked(ip, (i >> 6) % 4_096, 0);
    demand.served(ip, 16_384);
  }
  const { user, system } = process.cpuUsage(before);
  return Math.round(((user + system) * 1e3) / ASKS);
}

const folder = mkdtempSync(join(tmpdir(), 'swarmbox-week-'));
try {
  const files = await TraceFiles.open(folder, realClock, silentLog);
  let fileBytes = 0;
  let segments = 0;
  for (const session of week(Math.floor(Date.now() / 60_000))) {
    const line = lineOf(session);
    fileBytes += line.length;
    segments += session.servedMib / 16;
    files.append([line]);
    await files.settled();
  }
  const world = { clock: realClock, folder, open: () => [], question: () => ({ diskBytes: 2 ** 41, seats: 32 }) };
  const before = process.memoryUsage().rss;
  let [most, last, loopDelayMs] = [before, performance.now(), 0];
  const timer = setInterval(() => {
    loopDelayMs = Math.max(loopDelayMs, performance.now() - last - 5);
    last = performance.now();
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  const began = performance.now();
  const cpu = process.cpuUsage();
  const answer = await new WhatIf(world).ask();
  const replaySeconds = Number(((performance.now() - began) / 1_000).toFixed(1));
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(timer);
  if (answer.kind !== 'ok') throw new Error(`the answer is ${JSON.stringify(answer)}`);
  const saved = answer.view.disks.map(({ rules }) => Number(rules.current.saved.toFixed(3)));
  console.log(
    JSON.stringify({
      sessions: answer.view.sessions,
      segments,
      fileMB: Number((fileBytes / 1e6).toFixed(1)),
      replaySeconds,
      cpuSeconds: Number(((user + system) / 1e6).toFixed(1)),
      threadMB: Math.round((most - before) / 1e6),
      loopDelayMs: Math.round(loopDelayMs),
      saved,
      nsPerAsk: nsPerAsk(1),
      nsPerAskOfMany: nsPerAsk(1_000),
    }),
  );
} finally {
  rmSync(folder, { recursive: true });
}
