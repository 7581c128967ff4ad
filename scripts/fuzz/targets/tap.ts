import assert from 'node:assert/strict';
import { LOGGED } from '#entry/learn-rules.ts';
import { LIMITS } from '#entry/limits.ts';
import { usable } from '#entry/seen.ts';
import { Tap } from '#entry/tap.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { assertUntouched } from '../invariants.ts';
import type { Random } from '../random.ts';
import { seedsOf, type Target } from '../target.ts';

const CLIENT = { ip: '192.168.77.11', port: 40_000 };
const SERVER = { ip: '198.51.100.10', port: 6969 };

/** Where the seeds turn from a question to its answer. */
const TURNS = ['HTTP/1.1 200', '\0\0\0\x01\0\0\0\x07', 'd1:rd'].map((text) => Buffer.from(text, 'latin1'));

function split(input: Buffer, random: Random): [Buffer, Buffer] {
  const found = TURNS.map((turn) => input.indexOf(turn, 1)).filter((at) => at > 0);
  const at = found.length > 0 && random.chance(0.8) ? random.pick(found) : random.below(input.length + 1);
  return [input.subarray(0, at), input.subarray(at)];
}

/** A question and its answer, as the rules may select them: what is learned is an address that a peer can have. */
const tap: Target = {
  tokens: [
    'GET /',
    'info_hash=',
    'd1:ad2:id20:',
    '9:info_hash20:',
    '6:values',
    '\0\0\0\x01',
    '5:peers',
    'HTTP/1.1 200 OK\r\n\r\n',
  ],
  make: (random) => random.pick(seedsOf('tap')),
  run(input, random) {
    const [question, answer] = split(input, random);
    const reader = new Tap();
    let nowMs = 0;
    let seq = random.next();
    const read = (prefix: string, proto: 'tcp' | 'udp', out: boolean, payload: Buffer): void => {
      const [src, dst] = out ? [CLIENT, SERVER] : [SERVER, CLIENT];
      const ends = { src: src.ip, dst: dst.ip, srcPort: src.port, dstPort: dst.port };
      const packet: IpPacket = {
        version: 4,
        proto,
        ...ends,
        payload,
        ...(proto === 'tcp' && { tcp: { seq, flags: 0x18 } }),
      };
      nowMs += random.below(1000);
      for (const seen of reader.read(prefix, packet, nowMs)) {
        if (seen.kind !== 'learned') continue;
        assert.ok(seen.value.endpoints.length <= LIMITS.peersPerAnswer && seen.value.endpoints.every(usable));
        assert.equal(seen.value.client, CLIENT.ip);
      }
    };
    assertUntouched(input, () => {
      const proto = random.pick(['tcp', 'udp'] as const);
      const asks =
        proto === 'tcp'
          ? [LOGGED.request, LOGGED.get, LOGGED.handshake]
          : [LOGGED.request, LOGGED.dht, LOGGED.scrape, LOGGED.lsd, LOGGED.qvodUdp];
      for (let i = 0; i < 2; i++) read(random.pick(asks), proto, true, question);
      const step = 1 + random.below(answer.length + 1);
      for (let at = 0; at < answer.length && at < 50 * step; at += step) {
        const part = answer.subarray(at, at + step);
        read(LOGGED.held, proto, false, part);
        seq = (seq + part.length) >>> 0;
      }
      assert.ok(reader.pending(nowMs) <= 2);
    });
  },
};

export const tapTargets = { tap };
