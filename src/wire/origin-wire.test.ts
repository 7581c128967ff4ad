import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from './bencode.ts';
import { encodeExtendedHandshake, encodeMetadata, parseExtendedHandshake, parseMetadata } from './extended.ts';
import { chunksOf, connected, fuzzRuns, HASH, hashOfByte, Peer, turn } from './fixtures.ts';
import type { Message } from './frames.ts';
import { encodeMessage } from './frames.ts';
import { HANDSHAKE_BYTES, parseHandshake } from './handshake.ts';
import { WIRE_LIMITS } from './limits.ts';
import { encodePex } from './pex.ts';

test('it greets at once, and says who answered', async () => {
  const peer = new Peer();
  const hello = await peer.sent();
  assert.equal(hello.length, HANDSHAKE_BYTES);
  const read = parseHandshake(hello);
  assert.ok(
    read.kind === 'ok' && read.value.infoHash === HASH && read.value.fast && read.value.extended && !read.value.v2,
  );
  for (const chunk of chunksOf(peer.hands(), [1])) peer.wire.receive(chunk);
  assert.deepEqual(await peer.calls(), [['onHandshake', { peerId: peer.peerId.toString('hex'), v2: false }]]);
  const [extended] = await peer.messages();
  assert.ok(extended?.kind === 'extended' && extended.id === 0);
});

const RANGE = { piecesRoot: Buffer.alloc(32, 7), baseLayer: 1, index: 0, length: 2, proofLayers: 0 };

test('hash messages go past the package, both ways', async () => {
  const peer = await connected();
  peer.wire.requestHashes(RANGE);
  peer.wire.interested();
  assert.deepEqual(await peer.messages(), [{ kind: 'hash-request', ...RANGE }, { kind: 'interested' }]);
  const hashes = Buffer.alloc(64, 3);
  peer.say({ kind: 'hashes', ...RANGE, hashes }, { kind: 'hash-reject', ...RANGE });
  const calls = await peer.calls();
  assert.deepEqual(
    calls.map(([name, range]) => [name, (range as typeof RANGE).length]),
    [
      ['onHashes', 2],
      ['onHashReject', 2],
    ],
  );
  assert.deepEqual(calls[0]?.[2], hashes);
  peer.say({ kind: 'hash-request', ...RANGE });
  assert.deepEqual(await peer.messages(), [{ kind: 'hash-reject', ...RANGE }]);
  for (let i = 0; i < WIRE_LIMITS.originRefusals; i++) peer.say({ kind: 'hash-request', ...RANGE });
  assert.ok(peer.wire.closed, 'it asks without end');
});

test('another torrent, another protocol: closed', async () => {
  for (const answer of [
    new Peer().hands({ infoHash: hashOfByte(1) }),
    Buffer.from('HTTP/1.1 400 Bad'),
    Buffer.from('\x13BitTorrent protocoX'),
  ]) {
    const peer = new Peer();
    peer.wire.receive(answer);
    const calls = await peer.calls();
    assert.deepEqual(
      calls.map(([name]) => name),
      ['onClosed'],
    );
    assert.ok(peer.wire.closed);
  }
});

test('what the peer has and allows is told in order, whatever the portions', async () => {
  const bytes = [
    encodeMessage({ kind: 'bitfield', bits: Buffer.from('f0a0', 'hex') }),
    encodeMessage({ kind: 'have', piece: 9 }),
    encodeMessage({ kind: 'keep-alive' }),
    encodeMessage({ kind: 'port', port: 6881 }),
    encodeMessage({ kind: 'unchoke' }),
    encodeMessage({ kind: 'choke' }),
  ];
  for (const portions of [[1], [1000], [5, 3]]) {
    const peer = new Peer();
    for (const chunk of chunksOf(Buffer.concat([peer.hands(), ...bytes]), portions)) peer.wire.receive(chunk);
    const [, ...calls] = await peer.calls();
    assert.deepEqual(calls, [
      ['onBitfield', Buffer.from('f0a0', 'hex')],
      ['onHave', 9],
      ['onUnchoke'],
      ['onChoke', false],
    ]);
  }
  const full = await connected();
  full.say({ kind: 'have-all' });
  assert.deepEqual(await full.calls(), [['onHaveAll']]);
});

test('blocks and rejections are told at once, asked for or not', async () => {
  const peer = await connected();
  for (const begin of [0, 16_384, 32_768]) peer.wire.request(5, begin, 16_384);
  peer.wire.cancel(5, 16_384, 16_384);
  assert.deepEqual(
    (await peer.messages()).map((m) => m.kind),
    ['request', 'request', 'request', 'cancel'],
  );
  const data = Buffer.alloc(16_384, 1);
  const bytes = Buffer.concat([
    encodeMessage({ kind: 'piece', piece: 5, begin: 0, data }),
    encodeMessage({ kind: 'piece', piece: 6, begin: 32_768, data: data.subarray(0, 100) }),
    encodeMessage({ kind: 'reject', piece: 5, begin: 16_384, length: 16_384 }),
  ]);
  for (const portions of [[bytes.length], [7_000], [1, 5, 20_000]]) {
    const chunk = Buffer.alloc(bytes.length);
    let at = 0;
    for (const part of chunksOf(bytes, portions)) {
      // All come in the same memory, as from a socket.
      part.copy(chunk);
      peer.wire.receive(chunk.subarray(0, part.length));
      at += part.length;
    }
    assert.equal(at, bytes.length);
    assert.deepEqual(peer.heard.splice(0), [
      ['onBlock', 5, 0, data],
      ['onBlock', 6, 32_768, data.subarray(0, 100)],
      ['onReject', 5, 16_384, 16_384],
    ]);
  }
});

test('a peer that chokes without the fast extension forgets what it was asked; one that has it rejects it', async () => {
  for (const fast of [false, true]) {
    const peer = await connected({ fast });
    peer.say({ kind: 'choke' });
    assert.deepEqual(await peer.calls(), [['onChoke', !fast]]);
    peer.say({ kind: 'reject', piece: 1, begin: 0, length: 16_384 });
    assert.deepEqual((await peer.calls())[0]?.[0], fast ? 'onReject' : 'onClosed');
  }
});

test('how many requests may queue is told when the peer says so', async () => {
  const peer = await connected();
  const payload = encodeExtendedHandshake({ reqq: 321 });
  peer.say({ kind: 'extended', id: 0, payload });
  assert.deepEqual(await peer.calls(), [['onQueue', 321]]);
});

test('metadata is asked for under the peer’s id and told as it comes', async () => {
  const peer = await connected();
  peer.wire.requestMetadata(1);
  const [asked] = await peer.messages();
  assert.ok(asked?.kind === 'extended' && asked.id === 3);
  assert.deepEqual(parseMetadata(asked.payload), { kind: 'ok', value: { kind: 'request', piece: 1 } });
  const data = Buffer.alloc(3616, 7);
  peer.say(
    { kind: 'extended', id: 1, payload: encodeMetadata({ kind: 'data', piece: 1, totalSize: 20_000, data }) },
    { kind: 'extended', id: 1, payload: encodeMetadata({ kind: 'reject', piece: 0 }) },
    { kind: 'extended', id: 1, payload: encodeMetadata({ kind: 'request', piece: 0 }) },
    { kind: 'extended', id: 9, payload: Buffer.from('whatever') },
  );
  assert.deepEqual(await peer.calls(), [
    ['onMetadata', 1, data],
    ['onMetadataReject', 0],
  ]);
  const [refused] = await peer.messages();
  assert.ok(refused?.kind === 'extended');
  assert.deepEqual(parseMetadata(refused.payload), { kind: 'ok', value: { kind: 'reject', piece: 0 } });

  const without = new Peer();
  without.wire.receive(without.hands());
  await without.calls();
  without.wire.requestMetadata(0);
  assert.deepEqual(await without.calls(), [['onMetadataReject', 0]]);
});

test('the metadata size is told once it is known', async () => {
  const peer = new Peer();
  peer.wire.receive(peer.hands());
  peer.say({ kind: 'extended', id: 0, payload: encode({ m: { ut_metadata: 2 }, metadata_size: 777 }) });
  assert.deepEqual((await peer.calls()).at(-1), ['onMetadataSize', 777]);
});

test('an origin tells of other peers only when asked to, and not without end', async () => {
  const endpoint = { ip: '203.0.113.7', port: 6881 };
  const payload = encodePex({ added: [{ endpoint, flags: 0 }], dropped: [] });
  for (const pex of [true, false]) {
    const peer = new Peer({ pex });
    await peer.sent();
    peer.wire.receive(peer.hands());
    const shaken = (await peer.messages()).find((m) => m.kind === 'extended');
    const read = shaken?.kind === 'extended' ? parseExtendedHandshake(shaken.payload) : undefined;
    const id = (read?.kind === 'ok' && read.value.utPexId) || undefined;
    assert.equal(id !== undefined, pex, 'asked for');
    for (let i = 0; i < 20; i++) peer.say({ kind: 'extended', id: id ?? 2, payload });
    const told = (await peer.calls()).filter(([name]) => name === 'onPeers');
    assert.deepEqual(told, pex ? Array.from({ length: WIRE_LIMITS.pexAtOnce }, () => ['onPeers', [endpoint]]) : []);
  }
});

test('what the package would choke on never reaches it', async () => {
  const hostile: Buffer[] = [
    // A string of negative length sends the package's bencode reader back over what it has read, for ever.
    Buffer.from('d1:ml-3:e'),
    Buffer.from('d1:md1:xd8:toStringi5eeee'),
    Buffer.from(`${'l'.repeat(50_000)}`),
    Buffer.from('d1:md9:__proto__i1eee'),
  ];
  for (const payload of hostile) {
    const peer = await connected();
    peer.say({ kind: 'extended', id: 0, payload }, { kind: 'have', piece: 1 });
    assert.deepEqual((await peer.calls()).at(-1), ['onHave', 1], payload.toString('latin1', 0, 30));
  }
  for (const head of ['ffffffff', '80000000', '7fffffff']) {
    const peer = await connected();
    peer.wire.receive(Buffer.from(head, 'hex'));
    assert.match(String((await peer.calls()).at(-1)?.[1]), /longer than/);
  }
});

test('fast messages from a peer without the extension, and impossible bitfields, close', async () => {
  for (const kind of ['have-all', 'have-none'] as const) {
    const peer = await connected({ fast: false });
    peer.say({ kind });
    assert.deepEqual(
      (await peer.calls()).map(([name]) => name),
      ['onClosed'],
    );
  }
  const peer = await connected();
  peer.say({ kind: 'bitfield', bits: Buffer.alloc(WIRE_LIMITS.pieces / 8 + 1) });
  assert.deepEqual(
    (await peer.calls()).map(([name]) => name),
    ['onClosed'],
  );
  const far = await connected();
  far.say({ kind: 'have', piece: 0xffff_ffff }, { kind: 'have', piece: WIRE_LIMITS.pieces - 1 });
  assert.deepEqual(await far.calls(), [['onHave', WIRE_LIMITS.pieces - 1]]);
});

test('a peer that asks and asks although it is choked is refused a while, then closed', async () => {
  const peer = await connected();
  const ask: Message = { kind: 'request', piece: 0, begin: 0, length: 16_384 };
  peer.say(...new Array<Message>(WIRE_LIMITS.originRefusals).fill(ask));
  assert.equal((await peer.messages()).filter((m) => m.kind === 'reject').length, WIRE_LIMITS.originRefusals);
  peer.say(ask);
  assert.deepEqual(
    (await peer.calls()).map(([name]) => name),
    ['onClosed'],
  );
});

test('closing is told once, and after it nothing is said or sent', async () => {
  const peer = await connected();
  peer.wire.request(0, 0, 16_384);
  peer.say({ kind: 'have', piece: 3 });
  peer.wire.close('enough');
  peer.wire.close('again');
  peer.wire.request(1, 0, 16_384);
  peer.wire.interested();
  peer.wire.requestMetadata(0);
  peer.say({ kind: 'have', piece: 4 });
  assert.deepEqual(await peer.calls(), [['onClosed', 'enough']]);
  await turn();
  assert.equal((await peer.sent()).length, 0);
});

test('garbage neither breaks it nor makes it grow', async () => {
  const anyMessage = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((body) => {
      const frame = Buffer.concat([Buffer.alloc(4), body]);
      frame.writeUInt32BE(body.length, 0);
      return frame;
    }),
    fc
      .tuple(
        fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 20, 21, 22, 23),
        fc.uint8Array({ maxLength: 20 }),
      )
      .map(([id, body]) => {
        const frame = Buffer.concat([Buffer.alloc(4), Buffer.of(id), body]);
        frame.writeUInt32BE(body.length + 1, 0);
        return frame;
      }),
    fc
      .tuple(fc.nat(4), fc.constantFrom('d', 'l', 'd1:m', '-3:', 'i5e', 'e', '4:name', 'd1:md11:ut_metadata'))
      .map(([id, text]) => encodeMessage({ kind: 'extended', id, payload: Buffer.from(text) })),
    fc.uint8Array({ maxLength: 30 }).map((b) => Buffer.from(b)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyMessage, { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      fc.boolean(),
      async (frames, portions, fast) => {
        const peer = new Peer();
        peer.wire.receive(peer.hands({ fast }));
        peer.wire.request(0, 0, 16_384);
        for (const chunk of chunksOf(Buffer.concat(frames), portions)) peer.wire.receive(chunk);
        await turn();
        const closed = peer.heard.filter(([name]) => name === 'onClosed').length;
        assert.equal(closed, peer.wire.closed ? 1 : 0);
        assert.ok(peer.sentBytes <= 1000 + 17 * frames.length + 50 * frames.length);
        peer.wire.close('end of test');
      },
    ),
    { numRuns: Math.min(fuzzRuns, 500) },
  );
});
