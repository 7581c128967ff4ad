import { DiskCandidates } from '../system/disk-candidates.tsx';
import { happens } from './set-up-store.ts';
import { SkipButton } from './skip-button.tsx';
import { setUpWords } from './words.ts';

export function DisksStep() {
  return (
    <>
      <DiskCandidates
        isPlain
        onAdopted={({ path }) => happens({ kind: 'did', step: 'disks', undo: { kind: 'disk', path } })}
      />
      <SkipButton step="disks" text={setUpWords.get().asItIs} />
    </>
  );
}
