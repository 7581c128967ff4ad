import { useState } from 'preact/hooks';
import type { DiskView } from '#admin/contract.ts';
import type { DrainView } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { snapshot } from '../../frame/live-box.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { diskReasons } from '../../words/reasons.ts';
import { DiskCandidates } from './disk-candidates.tsx';
import { systemWords } from './words.ts';

const EVERY_MS = 5000;
type Wanted = { what: 'drain' | 'remove'; path: string };

export function DisksSection() {
  const words = systemWords.get().disks;
  const { answer, problem, again } = useAsked('GET /api/disks/drains', {}, EVERY_MS);
  const [wanted, setWanted] = useState<Wanted>();
  const disks = snapshot.value?.disks;
  const act = async ({ what, path }: Wanted) => {
    const got = await call(what === 'drain' ? 'POST /api/disks/drain' : 'POST /api/disks/remove', { body: { path } });
    if (got.ok) {
      if (what === 'remove') tell(words.removed);
      again();
    }
    return got;
  };
  const undrain = async (path: string) => {
    const got = await call('POST /api/disks/undrain', { body: { path } });
    if (got.ok) again();
    return got;
  };
  return (
    <>
      <section class="card pad" aria-labelledby="used-title">
        <h3 class="system-title" id="used-title">
          {words.used}
        </h3>
        <ProblemNote problem={problem} again={again} />
        {disks?.length === 0 && <p class="aside">{words.usedNone}</p>}
        <ul class="rows">
          {disks?.map((disk) => {
            const drain = answer?.drains.find(({ path }) => path === disk.path);
            return (
              <li key={disk.path}>
                <Used disk={disk} drain={drain} />
                {may('operate') && !drain && (
                  <button type="button" onClick={() => setWanted({ what: 'drain', path: disk.path })}>
                    {words.drain}
                    <span class="unseen">{`: ${safeText(disk.path, 60)}`}</span>
                  </button>
                )}
                {may('operate') && drain && <ActButton act={() => undrain(disk.path)}>{words.undrain}</ActButton>}
                {may('administer') && (
                  <button type="button" onClick={() => setWanted({ what: 'remove', path: disk.path })}>
                    {words.remove}
                    <span class="unseen">{`: ${safeText(disk.path, 60)}`}</span>
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      </section>
      {may('operate') && <DiskCandidates />}
      {wanted && (
        <Confirm
          title={(wanted.what === 'drain' ? words.drainTitle : words.removeTitle)(safeText(wanted.path, 80))}
          yes={words[wanted.what]}
          isDangerous={wanted.what === 'remove'}
          act={() => act(wanted)}
          onClose={() => setWanted(undefined)}
        >
          <p>{wanted.what === 'drain' ? words.drainText : words.removeText}</p>
        </Confirm>
      )}
    </>
  );
}

function Used({ disk, drain }: { disk: DiskView; drain: DrainView | undefined }) {
  const words = systemWords.get().disks;
  const reasons = diskReasons.get();
  const { path, state, kind, freeBytes } = disk;
  const whole = drain ? drain.movedBytes + drain.leftBytes : 0;
  return (
    <div>
      <p>
        <b>
          <bdi>{safeText(path, 80)}</bdi>
        </b>{' '}
        <i class={state === 'good' ? 'badge plain' : 'badge bad'}>{reasons.diskState[state]}</i>
      </p>
      <p class="aside">
        {[reasons.diskKind[kind], words.free(saidBytes(freeBytes))].filter((text) => text !== '').join(' · ')}
      </p>
      {drain && (
        <div class="drain">
          <p>
            {drain.state === 'empty'
              ? words.drained
              : words.draining(saidBytes(drain.movedBytes), saidBytes(drain.leftBytes))}
          </p>
          {drain.state === 'draining' && whole > 0 && (
            <progress max={whole} value={drain.movedBytes} aria-label={words.drain} />
          )}
        </div>
      )}
    </div>
  );
}
