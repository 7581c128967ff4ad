import type { Duplex } from 'node:stream';
import { BLOCK, ID, type QvodFile, Talk } from './fixtures.ts';

export type QvodSeedHabits = { metafile?: boolean; lies?: boolean };

/** Has the whole file and answers for it. */
export class QvodSeeder {
  readonly requests: string[] = [];
  metafiles = 0;
  /** The peer id of who dialled. */
  caller = '';
  readonly #talk: Talk;

  constructor(stream: Duplex, file: QvodFile, habits: QvodSeedHabits = {}) {
    const { content, pieceLength } = file;
    const count = Math.ceil(content.length / pieceLength);
    const bits = Buffer.alloc(Math.ceil(count / 8));
    for (let i = 0; i < count; i++) bits[i >> 3] = (bits[i >> 3] as number) | (0x80 >> (i & 7));
    this.#talk = new Talk(stream, file.hash, {
      hello: (peerId) => {
        this.caller = peerId;
        this.#talk.hello('QVOD0052AAAA5EED0000');
        this.#talk.say(ID.bitfield, bits);
      },
      message: (id, body) => {
        if (id === ID.interested) this.#talk.say(ID.unchoke);
        else if (id === ID.metafileRequest && body.equals(file.hash)) {
          this.metafiles++;
          if (habits.metafile ?? true) this.#talk.say(ID.metafile, file.seed);
        } else if (id === ID.request) {
          const [piece, begin, length] = [body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt32BE(8)];
          const at = piece * pieceLength + begin;
          if (body.length !== 12 || length > BLOCK || at + length > content.length)
            return `request ${body.toString('hex')}`;
          this.requests.push(`${piece}:${begin}`);
          const data = Buffer.from(content.subarray(at, at + length));
          if (habits.lies) data[0] = (data[0] as number) ^ 1;
          this.#talk.say(ID.piece, piece, begin, data);
        } else if (id !== ID.cancel && id !== ID.have) return `message ${id} of ${body.length} bytes`;
        return undefined;
      },
    });
  }

  get offences(): readonly string[] {
    return this.#talk.offences;
  }

  get closed(): boolean {
    return this.#talk.closed;
  }

  say(id: number, ...parts: (number | Uint8Array)[]): void {
    this.#talk.say(id, ...parts);
  }
}
