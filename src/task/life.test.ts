import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { Life, type LifeWorld } from './life.ts';
import { LIMITS } from './limits.ts';

/** A life whose parts note what they are told; `pass` lets so many seconds go by. */
function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  const said: string[] = [];
  const say = (what: string) => () => void said.push(what);
  const here = { lacking: 1, waitsInVain: false, isStalled: false, isSpent: false, knows: true };
  const slot: { grant?: () => void } = {};
  const known = {} as LifeWorld['holdings']['shelf'];
  const world: LifeWorld = {
    manager: {
      clock: realClock,
      log: silentLog,
      uplink: {
        get isSpent() {
          return here.isSpent;
        },
      },
      askSlot: (granted) => {
        slot.grant = granted;
        said.push('ask');
      },
      withdraw: say('withdraw'),
      releaseSlot: say('release'),
      bid: () => {},
      failed: (error) => assert.ifError(error),
      gone: (why) => void said.push(`gone: ${why}`),
    },
    perception: {
      awake: true,
      stalled: () => here.isStalled,
      facts: () => ({
        nowMs: Date.now(),
        clients: 1,
        lacking: here.lacking,
        seated: false,
        ordered: false,
        expectUntilMs: 0,
        lastClientMs: Date.now(),
        complete: false,
      }),
    },
    audience: {
      tick: () => {},
      dropWaiting: () => here.waitsInVain,
      letAllGo: (why) => void said.push(`all go: ${why}`),
      letGoLacking: (why) => void said.push(`lacking go: ${why}`),
    },
    holdings: {
      get shelf() {
        return here.knows ? known : undefined;
      },
    },
    downloader: {
      start: say('start'),
      pause: say('pause'),
      close: async () => void said.push('close'),
      status: () => ({ origins: [], rateBytesPerS: 0, piecesInFlight: 0 }),
    },
    search: { downloading: say('search'), rest: say('search rests') },
    ledger: { persist: () => {} },
  };
  const scope = new Scope((error) => assert.ifError(error));
  t.after(() => scope.close());
  const life = new Life(world, scope);
  const heard = async (): Promise<string[]> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    return said.splice(0);
  };
  const pass = (seconds: number): Promise<string[]> => {
    for (let ms = 0; ms < seconds * LIMITS.tickMs; ms += LIMITS.beatGridMs) t.mock.timers.tick(LIMITS.beatGridMs);
    return heard();
  };
  const download = async (): Promise<void> => {
    life.begin();
    life.look();
    assert.deepEqual(await heard(), ['ask']);
    slot.grant?.();
    assert.deepEqual(await heard(), ['start']);
  };
  return { life, here, heard, pass, download };
}

test('it downloads while it has a slot and somebody lacks something, and looks for origins meanwhile', async (t) => {
  const { life, here, heard, pass, download } = setUp(t);
  await download();
  assert.deepEqual(await pass(1), ['search']);
  here.lacking = 0;
  life.look();
  assert.deepEqual(await heard(), ['pause', 'search rests', 'release']);
  assert.equal(life.state.kind, 'sleep');
});

test('when the day is used up it stops, and who lacks something goes', async (t) => {
  const { life, here, pass, download } = setUp(t);
  await download();
  here.isSpent = true;
  assert.deepEqual(await pass(1), ['lacking go: day-used-up', 'pause', 'search rests', 'release']);
  assert.equal(life.state.kind, 'limited');
});

test('whoever would be better off without the box is let go, and the slot given back', async (t) => {
  const { life, here, pass, download } = setUp(t);
  await download();
  here.isStalled = true;
  here.knows = false;
  assert.deepEqual(await pass(1), ['search'], 'what is not known cannot come to a stop');
  here.waitsInVain = true;
  const left = ['pause', 'search rests', 'release', 'all go: no-metainfo', 'close', 'gone: no-metainfo'];
  assert.deepEqual(await pass(1), left);
  assert.equal(life.state.kind, 'gone');
});

test('at rest it leaves, everything given back, and says so once', async (t) => {
  const { life, heard, download } = setUp(t);
  await download();
  life.close();
  life.close();
  const left = ['pause', 'search rests', 'release', 'all go: the task rests', 'close', 'gone: undefined'];
  assert.deepEqual(await heard(), left);
});
