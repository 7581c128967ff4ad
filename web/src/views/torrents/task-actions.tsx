import { useState } from 'preact/hooks';
import type { TaskAction } from '#admin/contract-tasks.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { actOnTasks } from './act-on-tasks.ts';
import { LimitDialog } from './limit-dialog.tsx';
import { torrentsWords } from './words.ts';

type Props = {
  infoHashes: readonly string[];
  /** What they are, where all are the same; both ways are offered where it is not known. */
  isPinned?: boolean;
  isBlocked?: boolean;
  limitMbps?: number | undefined;
  /** After something was done. */
  onDone: (did: TaskAction['do']) => void;
};

/**
 * What can be done with torrents. What cannot be taken back is asked first. What does and undoes is one button, so that the focus stays where it is.
 */
export function TaskActionButtons({ infoHashes, isPinned, isBlocked, limitMbps, onDone }: Props) {
  const words = torrentsWords.get();
  const [asking, setAsking] = useState<'drop' | 'block' | 'limit'>();
  const act = async (action: TaskAction) => {
    const done = await actOnTasks(infoHashes, action);
    if (done.ok) onDone(action.do);
    return done;
  };
  const askBlock = async () => {
    setAsking('block');
    return { ok: true } as const;
  };
  const close = () => setAsking(undefined);
  const count = infoHashes.length;
  return (
    <div class="actions">
      <ActButton key="pin" act={() => act({ do: isPinned ? 'unpin' : 'pin' })}>
        {isPinned ? words.unpin : words.pin}
      </ActButton>
      {isPinned === undefined && <ActButton act={() => act({ do: 'unpin' })}>{words.unpin}</ActButton>}
      <ActButton act={() => act({ do: 'recheck' })}>{words.recheck}</ActButton>
      <button type="button" onClick={() => setAsking('limit')}>
        {words.limit}
      </button>
      <ActButton key="block" act={isBlocked ? () => act({ do: 'unblock' }) : askBlock}>
        {isBlocked ? words.unblock : words.block}
      </ActButton>
      {isBlocked === undefined && <ActButton act={() => act({ do: 'unblock' })}>{words.unblock}</ActButton>}
      <button type="button" class="danger" onClick={() => setAsking('drop')}>
        {words.drop}
      </button>
      {asking === 'drop' && (
        <Confirm
          title={words.dropTitle(count)}
          yes={words.drop}
          isDangerous
          act={() => act({ do: 'drop' })}
          onClose={close}
        >
          <p>{words.dropSays}</p>
        </Confirm>
      )}
      {asking === 'block' && (
        <Confirm title={words.blockTitle(count)} yes={words.block} act={() => act({ do: 'block' })} onClose={close}>
          <p>{words.blockSays}</p>
        </Confirm>
      )}
      {asking === 'limit' && (
        <LimitDialog
          count={count}
          now={limitMbps}
          act={(mbps) => act({ do: 'limit', ...(mbps !== undefined && { mbps }) })}
          onClose={close}
        />
      )}
    </div>
  );
}
