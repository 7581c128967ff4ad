import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '#base/seeded-random.ts';
import { SimLine } from './sim-line.ts';
import { SimNet } from './sim-net.ts';
import type { SimSocket } from './sim-socket.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

const AT = { ip: '203.0.113.1', port: 6881 };

/** Two ends of one connection: the dialler's and the listener's. */
async function connected(seed = 1, chunkBytes = 1_000) {
  const time = new VirtualTime();
  const net = new SimNet({ time, random: new Random(seed), trace: new Trace(() => time.elapsedMs) });
  const ends: SimSocket[] = [];
  net.listen(AT, { owner: 'far', answers: () => 'yes', accept: (socket) => void ends.push(socket) });
  const path = { latencyMs: 20, jitterMs: 10, lines: [new SimLine(1e6)], chunkBytes };
  net.dial('near', AT, { to: path, back: path }, (socket) => {
    if (!(socket instanceof Error)) ends.unshift(socket);
  });
  await time.run(time.exactMs + 100);
  const [near, far] = ends as [SimSocket, SimSocket];
  const said: string[] = [];
  for (const [name, end] of Object.entries({ near, far })) {
    end.on('error', (error: NodeJS.ErrnoException) => said.push(`${name} ${error.code}`));
    end.on('close', () => said.push(`${name} closed`));
  }
  return { time, net, near, far, said };
}

test('bytes arrive as they were written, however they are cut, and then the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 5_000 })),
      fc.integer({ min: 1, max: 9_000 }),
      async (parts, cut) => {
        const { time, near, far } = await connected(parts.length, cut);
        const got: Buffer[] = [];
        let hasEnded = false;
        far
          .on('data', (chunk: Buffer) => got.push(chunk))
          .on('end', () => {
            hasEnded = true;
          });
        for (const part of parts) near.write(part);
        near.end();
        await time.run(time.exactMs + 60_000);
        assert.ok(Buffer.concat(got).equals(Buffer.concat(parts)));
        assert.ok(hasEnded);
      },
    ),
    { numRuns: 30 },
  );
});

test('who does not read is not sent more than its window, and gets the rest when it does', async () => {
  const { time, near, far } = await connected(1, 64_000);
  const bytes = 3_000_000;
  far.pause();
  near.write(Buffer.alloc(bytes));
  assert.equal(near.writableNeedDrain, true);
  await time.run(time.exactMs + 60_000);
  assert.ok(far.receivedBytes < 512_000, `${far.receivedBytes} bytes`);
  far.resume();
  await time.run(time.exactMs + 60_000);
  assert.equal(far.receivedBytes, bytes);
  assert.equal(near.writableNeedDrain, false);
});

test('a reset is heard at both ends, a silent line at neither', async () => {
  const { time, near, said } = await connected();
  near.reset();
  await time.run(time.exactMs + 1_000);
  assert.deepEqual(said.sort(), ['far ECONNRESET', 'far closed', 'near ECONNRESET', 'near closed']);
  const silent = await connected();
  silent.near.fallSilent();
  silent.near.write('anybody there?');
  silent.near.destroy();
  await silent.time.run(silent.time.exactMs + 3_600_000);
  assert.deepEqual(silent.said, ['near closed']);
  assert.equal(silent.far.receivedBytes, 0);
});

test('when a process is killed its peers hear a reset, and it hears nothing', async () => {
  const { time, net, near, said } = await connected();
  near.write('on its way');
  net.kill('near');
  await time.run(time.exactMs + 1_000);
  assert.deepEqual(said, ['far ECONNRESET', 'far closed']);
  assert.deepEqual([net.openOf('near'), net.openOf('far')], [[], []]);
});
