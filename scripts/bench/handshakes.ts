/**
 * Encrypted handshakes that one thread answers: only the responder's time counts, both keys are fresh each time.
 * argv: ms. Says `{"perS":n}`.
 */
import { randomBytes } from 'node:crypto';
import { argv } from 'node:process';
import { infoHashOf } from '#base/units.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import { MseInitiator, MseResponder, type MseStep, SkeyTable } from '#wire/mse.ts';

const ms = Number(argv[2]);
const infoHash = infoHashOf(randomBytes(20));
const table = new SkeyTable();
table.add(infoHash);

/** Milliseconds that the responder took. */
function handshake(): number {
  const initiator = new MseInitiator(infoHash, encodeHandshake({ infoHash, peerId: newPeerId() }));
  let spent = 0;
  const timed = (work: () => MseStep): MseStep => {
    const start = performance.now();
    const step = work();
    spent += performance.now() - start;
    return step;
  };
  const sent = (step: MseStep): Buffer => {
    if (step.kind === 'bad') throw new Error(step.why);
    return Buffer.concat(step.send);
  };
  let responder: MseResponder | undefined;
  const answer = timed(() => {
    responder = new MseResponder(table);
    return responder.push(initiator.start());
  });
  const offer = initiator.push(sent(answer));
  const last = timed(() => (responder as MseResponder).push(sent(offer)));
  if (last.kind !== 'done') throw new Error('the handshake did not end');
  return spent;
}

for (let i = 0; i < 20; i++) handshake();
let count = 0;
let spentMs = 0;
for (const end = performance.now() + ms; performance.now() < end; count++) spentMs += handshake();
console.log(JSON.stringify({ perS: (count / spentMs) * 1000 }));
