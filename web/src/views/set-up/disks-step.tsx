import { DiskCandidates } from '../system/disk-candidates.tsx';
import { happens, setUp } from './set-up-store.ts';
import { SkipButton } from './skip-button.tsx';
import { setUpWords } from './words.ts';

export function DisksStep() {
  return (
    <>
      <DiskCandidates
        // What was taken back is offered again.
        key={setUp.value.steps.disks.undo.length}
        isPlain
        onAdopted={({ path }) => happens({ kind: 'did', step: 'disks', undo: { kind: 'disk', path } })}
      />
      <SkipButton step="disks" text={setUpWords.get().asItIs} />
    </>
  );
}
