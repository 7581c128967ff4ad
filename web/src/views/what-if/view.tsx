import type { WhatIfRule, WhatIfView } from '#admin/contract.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { saidBytes, saidDate, saidShare } from '../../frame/said.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { whatIfWords } from './words.ts';

const RULES: readonly WhatIfRule[] = ['current', 'lru', 'source', 'best'];

/** What a larger disk, or another rule, would have saved. */
export function View() {
  const words = whatIfWords.get();
  const { answer, problem, again } = useAsked('GET /api/what-if', {});
  return (
    <article>
      <h2>{frameWords.get().views.whatIf}</h2>
      <p class="aside">{words.intro}</p>
      {problem?.why === 'not-available' || problem?.why === 'not-found' ? (
        <p class="card pad panel">{words.none}</p>
      ) : (
        <ProblemNote problem={problem} again={again} />
      )}
      {!answer && !problem && <p class="connecting">{words.working}</p>}
      {answer && <Shown of={answer} />}
    </article>
  );
}

/** On a phone it is scrolled sideways, and there is nothing in it that keys could go to. */
const scrolled = (label: string) => ({ role: 'region', tabIndex: 0, 'aria-label': label }) as const;

function Shown({ of }: { of: WhatIfView }) {
  const words = whatIfWords.get();
  const facts: [string, string][] = [
    [words.asked, saidBytes(of.askedBytes)],
    [words.different, saidBytes(of.differentBytes)],
    [words.served, saidBytes(of.measured.servedBytes)],
    [words.fetched, saidBytes(of.measured.fetchedBytes)],
  ];
  return (
    <>
      <div class="card pad panel scroll-x" {...scrolled(words.intro)}>
        <p class="aside">{words.time(saidDate(of.fromMs), saidDate(of.toMs))}</p>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.disk}</th>
              {RULES.map((rule) => (
                <th key={rule} scope="col">
                  {words.rules[rule]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.disks.map((disk) => (
              <tr key={disk.size}>
                <td>
                  {words.sizes[disk.size]} <span class="aside">{saidBytes(disk.bytes)}</span>
                </td>
                {RULES.map((rule) => (
                  <td key={rule}>{words.savedOf(saidShare(disk.rules[rule].saved))}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="card pad panel">
        <dl>
          {facts.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {text} {name === words.different && <span class="aside">{words.differentSays}</span>}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </>
  );
}
