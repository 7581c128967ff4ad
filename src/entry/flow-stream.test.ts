import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Ciphers } from '#wire/mse.ts';
import { Rc4 } from '#wire/rc4.ts';
import { borrowSlot, returnSlot, SLOT_BYTES } from '#wire/rc4-wasm.ts';
import { FlowStream } from './flow-stream.ts';

/** A flow from the box, encrypted unless `method` says otherwise, and the client's end of it. */
async function flow(t: TestContext, method: Ciphers['method'] = 'rc4') {
  const server = net.createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  for (const end of [client, socket]) end.on('error', () => {});
  t.after(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  const key = randomBytes(20);
  const [out, theirs] = [new Rc4(key, 1024), new Rc4(key, 1024)];
  const ciphers: Ciphers = {
    method,
    encrypt: (b) => out.apply(b),
    encryptInPlace: (b) => out.applyInPlace(b),
    decrypt: (b) => b,
  };
  const meter = { upBytes: 0, downBytes: 0 };
  const stream = new FlowStream(socket, { ip: '127.0.0.1', port: client.localPort ?? 0 }, ciphers, meter);
  return { socket, client, stream, meter, plainOf: (b: Buffer): Buffer => (method === 'rc4' ? theirs.apply(b) : b) };
}

/** Slots that nobody has borrowed. */
function freeSlots(): number {
  const lent: Buffer[] = [];
  for (let slot = borrowSlot(); slot; slot = borrowSlot()) lent.push(slot);
  for (const slot of lent.reverse()) returnSlot(slot);
  return lent.length;
}

async function read(client: Socket, wanted: number, slowly: boolean): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let got = 0;
  for await (const chunk of client as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    got += chunk.length;
    if (got >= wanted) break;
    if (slowly) await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(chunks);
}

/** Parts as a client connection writes them: small messages, and runs of a cached piece that others are given too. */
function writes(cached: Buffer): Buffer[][] {
  return Array.from({ length: 12 }, (_, i) => [
    Buffer.of(0, 0, 0, 1, i),
    cached.subarray(i * 977, i * 977 + 3 * SLOT_BYTES + i),
    Buffer.alloc(9, i),
    cached.subarray(0, i),
  ]);
}

for (const method of ['rc4', 'plain'] as const)
  test(`what is written arrives, and a shared piece stays as it is (${method})`, async (t) => {
    const { client, stream, plainOf, meter } = await flow(t, method);
    const cached = randomBytes(5 * SLOT_BYTES);
    const before = Buffer.from(cached);
    const said = Array.from({ length: 4 }, () => writes(cached)).flat();
    const wanted = Buffer.concat(said.flat());
    const arrived = read(client, wanted.length, true);
    let held = 0;
    // More than the kernel takes at once: memory that it still reads must not be used for what comes after.
    for (const parts of said) held += stream.write(parts) ? 0 : 1;
    assert.ok(plainOf(await arrived).equals(wanted));
    assert.ok(cached.equals(before));
    assert.ok(held > 0);
    assert.equal(meter.downBytes, wanted.length);
  });

test('flows share the memory, also when there is none left', async (t) => {
  const all = freeSlots();
  const flows = await Promise.all(Array.from({ length: 6 }, () => flow(t)));
  const said = writes(randomBytes(5 * SLOT_BYTES));
  const wanted = Buffer.concat(said.flat());
  for (const parts of said) for (const { stream } of flows) stream.write(parts);
  assert.ok(freeSlots() < all, 'nobody reads yet');
  const arrived = await Promise.all(
    flows.map(async ({ client, plainOf }) => plainOf(await read(client, wanted.length, true))),
  );
  for (const bytes of arrived) assert.ok(bytes.equals(wanted));
});

test('a flow that ends in the middle gives its memory back', async (t) => {
  const all = freeSlots();
  for (const end of ['client', 'box'] as const) {
    const { client, socket, stream } = await flow(t);
    client.pause();
    const said = writes(randomBytes(5 * SLOT_BYTES));
    for (let i = 0; i < 4; i++) for (const parts of said) stream.write(parts);
    assert.ok(freeSlots() < all);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    if (end === 'client') client.resetAndDestroy();
    else stream.destroy();
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(freeSlots(), all);
    assert.equal(stream.write([Buffer.alloc(SLOT_BYTES)]), false);
    assert.equal(freeSlots(), all);
  }
});

for (const method of ['rc4', 'plain'] as const)
  test(`what the kernel has taken is told, what a client left behind is not (${method})`, async (t) => {
    const { client, socket, stream } = await flow(t, method);
    let [sent, taken] = [0, 0];
    const write = (): boolean =>
      stream.write(
        [Buffer.alloc(SLOT_BYTES)],
        () => sent++,
        () => taken++,
      );
    client.resume();
    write();
    while (taken === 0) await new Promise((resolve) => setImmediate(resolve));
    client.pause();
    let written = 1;
    for (; written < 1_000 && taken + 8 > written - 1; written++) {
      write();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(written < 1_000, 'at some point the kernel takes no more');
    const before = taken;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.resetAndDestroy();
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(taken, before);
    assert.ok(taken < written);
    assert.equal(sent, written, 'and yet all of it may be used again');
  });
