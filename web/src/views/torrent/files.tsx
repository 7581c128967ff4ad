import type { TaskDetail } from '#admin/contract-tasks.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount } from '../../frame/said.ts';
import { torrentsWords } from '../torrents/words.ts';

/** What it consists of, and how much of each is here. */
export function Files({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  const all = task.files.length + task.filesOmitted;
  return (
    <section class="panel" aria-labelledby="files">
      <h3 id="files" class="part-title">
        {words.filesTitle}
        {all > 0 && <span class="count">{saidCount(all)}</span>}
      </h3>
      <div class="card pad">
        {all === 0 && <p class="aside">{words.noFiles}</p>}
        <ul class="files">
          {task.files.map((file) => (
            <li key={file.path}>
              <bdi class="path">{safeText(file.path, 300)}</bdi>
              <span class="aside">{saidBytes(file.sizeBytes)}</span>
              <progress
                value={file.sizeBytes > 0 ? file.haveBytes / file.sizeBytes : 1}
                max={1}
                aria-label={safeText(file.path, 120)}
              />
            </li>
          ))}
        </ul>
        {task.filesOmitted > 0 && <p class="aside">{frameWords.get().more(task.filesOmitted)}</p>}
      </div>
    </section>
  );
}
