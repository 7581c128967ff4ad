import './account.css';
import { may, session } from '../../frame/session.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { Sections } from '../../parts/sections.tsx';
import { AccountsSection } from './accounts-section.tsx';
import { GuestsCard } from './guests-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { SessionsCard } from './sessions-card.tsx';
import { TokensSection } from './tokens-section.tsx';
import { TotpCard } from './totp-card.tsx';
import { accountWords } from './words.ts';

const PARTS = ['own', 'tokens', 'accounts'] as const;

export function View({ params }: ViewProps) {
  const words = accountWords.get();
  const account = session.value?.account;
  // Without an account there is nothing of one's own: the control socket administers.
  const parts = PARTS.filter((part) => (part === 'own' ? account || !may('administer') : may('administer')));
  const now = parts.find((part) => part === params.part) ?? parts[0] ?? 'own';
  const sections = parts.map((key) => ({ key, text: words.part[key] }));
  return (
    <Sections label={words.parts} title={words.title} base="/account" sections={sections} now={now}>
      {!account && <p class="account-note">{words.socket}</p>}
      {now === 'own' && account && (
        <>
          <section class="card pad">
            <h3 class="account-name">{words.signedInAs(account.name)}</h3>
            <p class="aside">
              {words.right[account.right]}: {words.rightSays[account.right]}
            </p>
          </section>
          <PasswordCard name={account.name} />
          <TotpCard isOn={account.hasTotp} />
          <SessionsCard />
        </>
      )}
      {now === 'tokens' && may('administer') && <TokensSection />}
      {now === 'accounts' && may('administer') && (
        <>
          <AccountsSection />
          <GuestsCard />
        </>
      )}
    </Sections>
  );
}
