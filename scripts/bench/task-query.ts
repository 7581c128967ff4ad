/**
 * What a question about the list of all torrents costs, and whether it holds up the loop that moves the bytes.
 * `node scripts/bench/task-query.ts [torrents] [rounds]`: 100,000 and 40 unless told. One JSON line for each kind of question:
 *
 *   {"bench":"task-query","torrents","kind","p50Ms","p99Ms","maxMs","matching","loopMaxMs","peer","peerP50Ms","peerP99Ms","peerMaxMs","peerLoopMaxMs"}
 *
 * From the question until its page of 50 is there, through the box's thread, while another writes to the index a hundred times a second, as a box at
 * work does. The peer is a plain scan: SQLite with one statement for the rows and one for their count, as one would write them first, on the calling thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { silentLog } from '#base/log.ts';
import { Index } from '#index/index.ts';
import { fillIndex, madeRow } from '#index/listing-fixtures.ts';
import { SearchThread } from '#index/search-thread.ts';
import type { ListQuestion } from '#index/task-search.ts';

const count = Number(argv[2] ?? 100_000);
const rounds = Number(argv[3] ?? 40);
const WRITE_EVERY_MS = 10;

type Kind = {
  readonly kind: string;
  readonly question: Partial<ListQuestion>;
  readonly where: string;
  readonly by: string;
};
const ALL: ListQuestion = { search: '', filter: 'all', sort: 'lastAsked', order: 'down', offset: 0, limit: 50 };
const like = (text: string): string => `name LIKE '%${text}%'`;
const KINDS: readonly Kind[] = [
  { kind: 'all, by last asked', question: {}, where: 'true', by: 'used_at_ms DESC' },
  { kind: 'all, by name', question: { sort: 'name', order: 'up' }, where: 'true', by: 'lower(name)' },
  { kind: 'all, by served', question: { sort: 'served' }, where: 'true', by: 'served_bytes DESC' },
  { kind: 'all, by heat', question: { sort: 'heat' }, where: 'true', by: 'heat DESC' },
  { kind: 'two Chinese characters', question: { search: '流浪' }, where: like('流浪'), by: 'used_at_ms DESC' },
  {
    kind: 'three words',
    question: { search: 'ubuntu 1080p 三体' },
    where: `${like('ubuntu')} AND ${like('1080p')} AND ${like('三体')}`,
    by: 'used_at_ms DESC',
  },
  { kind: 'a word that nothing has', question: { search: 'nowhere' }, where: like('nowhere'), by: 'used_at_ms DESC' },
  {
    kind: 'part of a hash',
    question: { search: 'abc1' },
    where: `hex(info_hash) LIKE 'abc1%' OR ${like('abc1')}`,
    by: 'used_at_ms DESC',
  },
  {
    kind: 'incomplete ones',
    question: { filter: 'partial', sort: 'have' },
    where: 'have_count < piece_count',
    by: 'total_bytes * have_count / piece_count DESC',
  },
  { kind: 'pinned ones', question: { filter: 'pinned' }, where: 'decided & 1', by: 'used_at_ms DESC' },
  {
    kind: 'the middle of all, by served',
    question: { sort: 'served', offset: count / 2 },
    where: 'true',
    by: 'served_bytes DESC',
  },
];

const folder = mkdtempSync(join(tmpdir(), 'swarmbox-task-query-'));
const path = join(folder, 'index.db');
fillIndex(path, count);
const index = Index.open(path, silentLog);
const thread = new SearchThread(path, silentLog);
const plain = new Sqlite(path, { readonly: true });

let written = 0;
const writing = setInterval(() => {
  const { infoHash } = madeRow((written++ * 7919) % count);
  index.addTraffic(infoHash, 16_384, 16_384, Date.now());
}, WRITE_EVERY_MS);

const round = (ms: number): number => Math.round(ms * 10) / 10;
async function timed(ask: (i: number) => unknown): Promise<{ p50: number; p99: number; max: number; loopMax: number }> {
  await ask(0);
  const took: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let i = 1; i <= rounds; i++) {
    const from = performance.now();
    await ask(i);
    took.push(performance.now() - from);
    await sleep(5);
  }
  delay.disable();
  took.sort((a, b) => a - b);
  const at = (share: number): number => round(took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1), loopMax: round(delay.max / 1e6) };
}

for (const { kind, question, where, by } of KINDS) {
  let matching = 0;
  const box = await timed(async (i) => {
    const offset = (question.offset ?? 0) + (question.offset ? 50 * i : 0);
    const found = await thread.ask({ ...ALL, ...question, offset });
    if (found.kind !== 'ok') throw new Error(`no answer: ${JSON.stringify(found)}`);
    matching = found.answer.matching;
  });
  const from = `FROM task JOIN listing ON task = id WHERE ${where}`;
  const rows = plain.prepare(`SELECT * ${from} ORDER BY ${by} LIMIT 50 OFFSET ?`);
  const all = plain.prepare(`SELECT count(*) ${from}`).pluck();
  const peer = await timed((i) => {
    rows.all((question.offset ?? 0) + (question.offset ? 50 * i : 0));
    all.get();
  });
  console.log(
    JSON.stringify({
      bench: 'task-query',
      torrents: count,
      kind,
      p50Ms: box.p50,
      p99Ms: box.p99,
      maxMs: box.max,
      matching,
      loopMaxMs: box.loopMax,
      peer: 'plain scan',
      peerP50Ms: peer.p50,
      peerP99Ms: peer.p99,
      peerMaxMs: peer.max,
      peerLoopMaxMs: peer.loopMax,
    }),
  );
}
clearInterval(writing);
await thread.close();
plain.close();
index.close();
rmSync(folder, { recursive: true });
