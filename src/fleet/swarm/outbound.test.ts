import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES } from '#base/units.ts';
import { decodeMessage, FrameSplitter } from '#wire/frames.ts';
import { Outbound } from './outbound.ts';

function outbound() {
  let nowMs = 1_000;
  const writes: string[][] = [];
  const said = new Outbound(
    (bytes) => void writes.push(wordsIn(bytes)),
    () => nowMs,
  );
  return { said, writes, pass: (ms: number) => (nowMs += ms) };
}

function wordsIn(bytes: Uint8Array): string[] {
  const found: string[] = [];
  new FrameSplitter(1 << 20).push(Buffer.from(bytes), (frame) => {
    const read = decodeMessage(frame);
    assert.ok(read.kind === 'ok');
    const message = read.value;
    if (message.kind === 'have') found.push(`have ${message.piece}`);
    else if (message.kind === 'request') found.push(`${message.piece} ${message.begin} ${message.length}`);
    else found.push(message.kind);
  });
  return found;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first word leaves at once; what follows closely upon it waits, and leaves together', async () => {
  const { said, writes } = outbound();
  said.have(1);
  said.have(2);
  await turn();
  assert.deepEqual(writes, [['have 1', 'have 2']]);
  said.have(3);
  await turn();
  said.have(4);
  assert.equal(writes.length, 1);
  while (writes.length < 2) await sleep(1);
  assert.deepEqual(writes[1], ['have 3', 'have 4']);
});

test('what is asked for waits for nothing, and takes with it what waits', async () => {
  const { said, writes } = outbound();
  said.have(1);
  await turn();
  said.have(2);
  said.ask(7, 0, BLOCK_BYTES + 100);
  said.ask(8, 0, 5, true);
  await turn();
  assert.deepEqual(writes[1], ['have 2', '7 0 16384', `7 ${BLOCK_BYTES} 100`, 'cancel']);
});

test('before blocks goes what was to be said, and it is said once', async () => {
  const { said, writes, pass } = outbound();
  for (let piece = 0; piece < 200; piece++) said.have(piece);
  assert.equal(wordsIn(said.take() ?? Buffer.alloc(0)).length, 200);
  await turn();
  assert.equal(said.take(), undefined);
  pass(1_000);
  said.have(200);
  said.close();
  await turn();
  assert.deepEqual(writes, []);
});
