import { useState } from 'preact/hooks';
import type { DiskAdopted, DiskCandidate } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { known } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { diskReasons } from '../../words/reasons.ts';
import { systemWords } from './words.ts';

type Props = {
  onAdopted?: (adopted: DiskAdopted) => void;
  /** It stands in a card already. */
  isPlain?: boolean;
};

/** The disks of the machine that could hold pieces, with what is on them. */
export function DiskCandidates({ onAdopted, isPlain = false }: Props) {
  const words = systemWords.get().disks;
  const { answer, problem, again } = useAsked('GET /api/disks/candidates', {});
  const [formatted, setFormatted] = useState<DiskCandidate>();
  const adopted = (made: DiskAdopted) => {
    tell(made.piecesFound ? words.adoptedPieces(made.path) : words.adopted(made.path));
    onAdopted?.(made);
    again();
  };
  const adopt = async ({ device }: DiskCandidate) => {
    const got = await call('POST /api/disks', { body: { device } });
    if (got.ok) adopted(got.answer);
    return got;
  };
  return (
    <section class={isPlain ? 'found' : 'card pad'} aria-labelledby="found-title">
      <h3 class="system-title" id="found-title">
        {words.found}
      </h3>
      {!isPlain && <p class="system-lead">{words.foundText}</p>}
      <ProblemNote problem={problem} again={again} />
      {answer?.disks.length === 0 && <p class="aside">{words.foundNone}</p>}
      <ul class="rows">
        {answer?.disks.map((disk) => (
          <li key={disk.device}>
            <Candidate disk={disk} />
            {may('administer') && disk.can === 'adopt' && (
              <ActButton act={() => adopt(disk)}>
                {words.adopt}
                <span class="unseen">{`: ${words.adoptOf(safeText(disk.device, 60))}`}</span>
              </ActButton>
            )}
            {may('administer') && disk.can === 'format' && (
              <button type="button" class="danger" onClick={() => setFormatted(disk)}>
                {words.format}
                <span class="unseen">{`: ${words.formatOf(safeText(disk.device, 60))}`}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <button type="button" onClick={again}>
        {words.look}
      </button>
      {formatted && (
        <FormatDialog
          disk={formatted}
          onClose={() => setFormatted(undefined)}
          onAdopted={(made) => {
            setFormatted(undefined);
            adopted(made);
          }}
        />
      )}
    </section>
  );
}

function Candidate({ disk }: { disk: DiskCandidate }) {
  const words = systemWords.get().disks;
  const { device, sizeBytes, model, serial, transport, rotates, fileSystem, label, mountedAt, why, hasPieces } = disk;
  const facts = [
    model,
    serial,
    transport,
    rotates === undefined ? undefined : diskReasons.get().diskKind[rotates ? 'hdd' : 'ssd'],
    fileSystem === undefined ? words.noFileSystem : words.fileSystem(fileSystem),
    label,
    mountedAt === undefined ? undefined : words.mountedAt(mountedAt),
  ].filter((text) => text !== undefined && text !== '');
  return (
    <div>
      <p>
        <b>
          <bdi>{safeText(device, 60)}</bdi>
        </b>{' '}
        {saidBytes(sizeBytes)}
        {disk.freeBytes !== undefined && ` · ${words.free(saidBytes(disk.freeBytes))}`}
      </p>
      <p class="aside">{facts.map((text) => safeText(String(text), 80)).join(' · ')}</p>
      <Holds disk={disk} />
      {hasPieces && <p class="disk-pieces">{words.hasPieces}</p>}
      {why !== undefined && <p class="aside">{known<string>(words.why, why) ?? safeText(why, 80)}</p>}
    </div>
  );
}

function Holds({ disk }: { disk: DiskCandidate }) {
  const words = systemWords.get().disks;
  if (disk.can === 'no' && disk.holds.length === 0) return null;
  const held = disk.holds.map((name) => safeText(name, 60)).join(', ');
  return <p class="disk-holds">{held === '' ? words.holdsNothing : `${words.holds} ${held}`}</p>;
}

type FormatProps = { disk: DiskCandidate; onClose: () => void; onAdopted: (made: DiskAdopted) => void };

/** What cannot be taken back is typed by hand. */
function FormatDialog({ disk, onClose, onAdopted }: FormatProps) {
  const words = systemWords.get().disks;
  const [typed, setTyped] = useState('');
  const [isWrong, setWrong] = useState(false);
  const name = safeText(disk.device, 60);
  const format = async () => {
    if (typed.trim() !== disk.device) {
      setWrong(true);
      focusField('format-typed');
      return { ok: true } as const;
    }
    const body = { device: disk.device, format: true, typed: typed.trim() };
    const got = await call('POST /api/disks', { body });
    if (got.ok) onAdopted(got.answer);
    return got;
  };
  return (
    <Dialog title={words.formatTitle(name)} onClose={onClose}>
      <form onSubmit={(event) => event.preventDefault()}>
        <p class="format-warn">{words.formatText}</p>
        <Candidate disk={disk} />
        <Field
          label={words.typed(name)}
          error={isWrong ? words.typedWrong(name) : undefined}
          control={(aria) => (
            <input
              {...aria}
              data-field="format-typed"
              data-first
              type="text"
              class="wide-input"
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              value={typed}
              onInput={(event) => {
                setTyped(event.currentTarget.value);
                setWrong(false);
              }}
            />
          )}
        />
        <footer>
          <button type="button" onClick={onClose}>
            {frameWords.get().cancel}
          </button>
          <ActButton act={format} kind="danger" submit>
            {words.format}
          </ActButton>
        </footer>
      </form>
    </Dialog>
  );
}
