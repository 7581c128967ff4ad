import '../system/system.css';
import type { ComponentType } from 'preact';
import { may } from '../../frame/session.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { Sections } from '../../parts/sections.tsx';
import { AuditSection } from '../system/audit-section.tsx';
import { CertificateSection } from '../system/certificate-section.tsx';
import { systemWords } from '../system/words.ts';

/** Only an administrator is told of the audit log. */
const SHOWN: Record<'certificate' | 'audit', ComponentType> = {
  certificate: CertificateSection,
  audit: AuditSection,
};
const PARTS = ['certificate', 'audit'] as const;

/** What the central has of a box's system: who did what, and its certificate. */
export function View({ params }: ViewProps) {
  const words = systemWords.get();
  const parts = PARTS.filter((part) => part !== 'audit' || may('administer'));
  const now = parts.find((part) => part === params.part) ?? 'certificate';
  const Shown = SHOWN[now];
  return (
    <Sections
      label={words.parts}
      title={words.title}
      base="/system"
      sections={parts.map((key) => ({ key, text: words.part[key] }))}
      now={now}
    >
      <Shown key={now} />
    </Sections>
  );
}
