import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns } from './fixtures.ts';
import { parsePacket, segmentPacket, TCP_FLAGS, udp6Answer } from './ip-packet.ts';
import { ipv6Text } from './ip-text.ts';

/** One's complement sum over whole words: what a receiver computes; 0xffff when the checksum is right. */
function receiverSum(parts: Buffer[]): number {
  const bytes = Buffer.concat(parts);
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(0)]);
  let total = 0n;
  for (let i = 0; i < even.length; i += 2) total += BigInt(even.readUInt16BE(i));
  while (total > 0xffffn) total = (total >> 16n) + (total & 0xffffn);
  return Number(total);
}

function assertIntact(packet: Buffer): void {
  const v4 = (packet[0] as number) >> 4 === 4;
  const ipBytes = v4 ? ((packet[0] as number) & 15) * 4 : 40;
  if (v4) {
    assert.equal(packet.readUInt16BE(2), packet.length);
    assert.equal(receiverSum([packet.subarray(0, ipBytes)]), 0xffff, 'IPv4 header checksum');
  } else assert.equal(packet.readUInt16BE(4), packet.length - 40);
  const proto = packet[v4 ? 9 : 6] as number;
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(packet.length - ipBytes, 0);
  pseudo[7] = proto;
  const addresses = v4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  assert.equal(receiverSum([addresses, pseudo, packet.subarray(ipBytes)]), 0xffff, 'transport checksum');
}

type Made = {
  version?: 4 | 6;
  proto?: 'tcp' | 'udp';
  payload: Uint8Array;
  flags?: number;
  options?: number;
  seq?: number;
};

/** A packet with the lengths of its whole and garbage for checksums, as a super-packet comes off a tap. */
function made({ version = 4, proto = 'tcp', payload, flags = 0x18, options = 12, seq = 1000 }: Made): Buffer {
  const transport = Buffer.alloc(proto === 'tcp' ? 20 + options : 8);
  transport.writeUInt16BE(51413, 0);
  transport.writeUInt16BE(6881, 2);
  if (proto === 'tcp') {
    transport.writeUInt32BE(seq, 4);
    transport[12] = ((20 + options) / 4) << 4;
    transport[13] = flags;
    transport.writeUInt16BE(0xdead, 16);
    transport.fill(1, 20);
  } else {
    transport.writeUInt16BE(8 + payload.length, 4);
    transport.writeUInt16BE(0xdead, 6);
  }
  const body = Buffer.concat([transport, payload]);
  const ip = Buffer.alloc(version === 4 ? 20 : 40);
  if (version === 4) {
    ip[0] = 0x45;
    ip.writeUInt16BE((20 + body.length) & 0xffff, 2);
    ip.writeUInt16BE(0xfffe, 4);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = proto === 'tcp' ? 6 : 17;
    Buffer.of(10, 0, 0, 1, 192, 0, 2, 9).copy(ip, 12);
  } else {
    ip[0] = 0x60;
    ip.writeUInt16BE(body.length & 0xffff, 4);
    ip[6] = proto === 'tcp' ? 6 : 17;
    ip[7] = 64;
    Buffer.from('20010db8000000000000000000000001fe8000000000000000000000000000ff', 'hex').copy(ip, 8);
  }
  return Buffer.concat([ip, body]);
}

test('addresses, ports, flags and payload of IPv4 and IPv6 packets are read', () => {
  const payload = Buffer.from('hello');
  const v4 = parsePacket(Buffer.concat([made({ payload, flags: TCP_FLAGS.syn }), Buffer.alloc(7)]));
  assert.deepEqual(v4, {
    version: 4,
    proto: 'tcp',
    src: '10.0.0.1',
    dst: '192.0.2.9',
    srcPort: 51413,
    dstPort: 6881,
    payload,
    tcp: { seq: 1000, flags: TCP_FLAGS.syn },
  });
  const v6 = parsePacket(made({ version: 6, proto: 'udp', payload }));
  assert.deepEqual([v6?.src, v6?.dst, v6?.proto, v6?.payload], ['2001:db8::1', 'fe80::ff', 'udp', payload]);
  assert.equal(v6?.tcp, undefined);
});

test('IPv4 options and IPv6 hop-by-hop and destination options are stepped over', () => {
  const plain = made({ payload: Buffer.from('x') });
  const withOptions = Buffer.concat([plain.subarray(0, 20), Buffer.alloc(8, 1), plain.subarray(20)]);
  withOptions[0] = 0x47;
  withOptions.writeUInt16BE(withOptions.length, 2);
  assert.equal(parsePacket(withOptions)?.payload.toString(), 'x');

  const six = made({ version: 6, payload: Buffer.from('y') });
  const extensions = Buffer.concat([
    Buffer.from('3c00010400000000', 'hex'),
    Buffer.from('0601', 'hex'),
    Buffer.alloc(14),
  ]);
  const extended = Buffer.concat([six.subarray(0, 40), extensions, six.subarray(40)]);
  extended[6] = 0;
  extended.writeUInt16BE(extended.length - 40, 4);
  assert.equal(parsePacket(extended)?.payload.toString(), 'y');
});

test('fragments, other protocols and headers that do not fit are nothing', () => {
  const packet = made({ payload: Buffer.from('x') });
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(packet);
    copy[at] = value;
    return copy;
  };
  assert.ok(parsePacket(packet));
  for (const [what, at, value] of [
    ['more fragments', 6, 0x20],
    ['fragment offset', 7, 1],
    ['ICMP', 9, 1],
    ['short IP header', 0, 0x44],
    ['IP version 5', 0, 0x55],
    ['short TCP header', 32, 0x40],
    ['TCP header past the end', 32, 0xf0],
  ] as const) {
    assert.equal(parsePacket(changed(at, value)), undefined, what);
  }
  const six = made({ version: 6, payload: Buffer.from('x') });
  six[6] = 44;
  assert.equal(parsePacket(six), undefined, 'IPv6 fragment header');
});

test('a super-packet is cut into packets that a receiver accepts and that add up to the whole', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(4 as const, 6 as const),
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 100, max: 9000 }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
      (version, size, mtu, seq, segmentBytes) => {
        const payload = Buffer.alloc(size, 'swarm');
        const flags = TCP_FLAGS.ack | TCP_FLAGS.psh | TCP_FLAGS.fin | TCP_FLAGS.cwr;
        const input = made({ version, payload, flags, seq });
        const before = Buffer.from(input);
        const out = segmentPacket(input, mtu, segmentBytes);
        assert.deepEqual(input, before, 'the input is left alone');
        let next = seq;
        const parts: Buffer[] = [];
        for (const [i, segment] of out.entries()) {
          assert.ok(segment.length <= mtu);
          assertIntact(segment);
          const read = parsePacket(segment);
          assert.equal(read?.tcp?.seq, next);
          const isLast = i === out.length - 1;
          assert.equal(((read?.tcp?.flags ?? 0) & (TCP_FLAGS.psh | TCP_FLAGS.fin)) !== 0, isLast);
          assert.equal(((read?.tcp?.flags ?? 0) & TCP_FLAGS.cwr) !== 0, i === 0);
          if (version === 4) assert.equal(segment.readUInt16BE(4), (0xfffe + i) & 0xffff);
          if (segmentBytes !== undefined) assert.ok((read?.payload.length ?? 0) <= segmentBytes);
          next = (next + (read?.payload.length ?? 0)) >>> 0;
          parts.push(read?.payload ?? Buffer.alloc(0));
        }
        assert.deepEqual(Buffer.concat(parts), payload);
      },
    ),
    { numRuns: 100 },
  );
});

test('a super-packet of 64 KiB and more, whose length field holds nothing, is cut too', () => {
  for (const version of [4, 6] as const) {
    const input = made({ version, payload: Buffer.alloc(180_000, 7) });
    input.writeUInt16BE(0, version === 4 ? 2 : 4);
    const out = segmentPacket(input, 1500);
    for (const segment of out) assertIntact(segment);
    assert.equal(
      out.reduce((n, s) => n + (parsePacket(s)?.payload.length ?? 0), 0),
      180_000,
    );
  }
});

test('a UDP packet is repaired, never cut; one that states no checksum keeps none', () => {
  for (const version of [4, 6] as const) {
    const out = segmentPacket(made({ version, proto: 'udp', payload: Buffer.alloc(3001, 3) }), 1500);
    assert.equal(out.length, 1);
    assertIntact(out[0] as Buffer);
  }
  const none = made({ proto: 'udp', payload: Buffer.from('abc') });
  none.writeUInt16BE(0, 26);
  assert.equal(segmentPacket(none, 1500)[0]?.readUInt16BE(26), 0);
});

test('a checksum that comes out as zero is sent as 0xffff in UDP (RFC 768)', () => {
  const zeroing = made({ proto: 'udp', payload: Buffer.alloc(2) });
  const sum = segmentPacket(zeroing, 1500)[0]?.readUInt16BE(26) as number;
  zeroing.writeUInt16BE(sum, 28);
  assert.equal(segmentPacket(zeroing, 1500)[0]?.readUInt16BE(26), 0xffff);
});

test('a packet cut short by the capture yields the payload that is there', () => {
  const whole = made({ payload: Buffer.from('0123456789') });
  assert.equal(parsePacket(whole.subarray(0, whole.length - 4))?.payload.toString(), '012345');
});

test('IPv6 addresses are spelt as Node spells them', () => {
  const word = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }), fc.constant(1));
  fc.assert(
    fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
      const bytes = Buffer.alloc(16);
      for (const [i, w] of words.entries()) bytes.writeUInt16BE(w, i * 2);
      const address = words.map((w) => w.toString(16)).join(':');
      const spelt = new SocketAddress({ address, family: 'ipv6' }).address;
      assert.equal(ipv6Text(bytes), spelt.replace(/^::ffff:(?=.*\.)/, ''));
    }),
  );
});

test('no bytes make the packet reader throw', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const nearly = fc
    .record({
      version: fc.constantFrom(4 as const, 6 as const),
      payload: bytes,
      cut: fc.nat(120),
      at: fc.nat(80),
      to: fc.nat(255),
    })
    .map(({ version, payload, cut, at, to }) => {
      const packet = made({ version, payload });
      if (at < packet.length) packet[at] = to;
      return packet.subarray(0, Math.max(0, packet.length - cut));
    });
  fc.assert(
    fc.property(fc.oneof(bytes.map(Buffer.from), nearly), (packet) => {
      const input = Buffer.from(packet);
      parsePacket(input);
      assert.ok(segmentPacket(input, 1500).length >= 1);
    }),
    { numRuns: fuzzRuns },
  );
});

test('an IPv6 UDP packet is answered from its own header, and nothing else is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ maxLength: 50 }), (question, payload) => {
      const asked = made({ version: 6, proto: 'udp', payload: question });
      const answer = udp6Answer(asked, payload) as Buffer;
      assertIntact(answer);
      const [from, to] = [parsePacket(asked), parsePacket(answer)];
      assert.ok(from && to);
      assert.deepEqual([to.src, to.srcPort, to.dst, to.dstPort], [from.dst, from.dstPort, from.src, from.srcPort]);
      assert.deepEqual(to.payload, Buffer.from(payload));
    }),
  );
  assert.equal(udp6Answer(made({ version: 4, proto: 'udp', payload: Buffer.alloc(8) }), Buffer.alloc(4)), undefined);
  assert.equal(udp6Answer(made({ version: 6, proto: 'tcp', payload: Buffer.alloc(8) }), Buffer.alloc(4)), undefined);
});
