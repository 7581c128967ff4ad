import './system.css';
import type { ComponentType } from 'preact';
import { may } from '../../frame/session.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { Sections } from '../../parts/sections.tsx';
import { AddressSection } from './address-section.tsx';
import { AuditSection } from './audit-section.tsx';
import { CertificateSection } from './certificate-section.tsx';
import { DisksSection } from './disks-section.tsx';
import { PortsSection } from './ports-section.tsx';
import { RestartSection } from './restart-section.tsx';
import { TimeSection } from './time-section.tsx';
import { UpdateSection } from './update-section.tsx';
import { systemWords } from './words.ts';

const PARTS = ['ports', 'disks', 'address', 'time', 'update', 'restart', 'certificate', 'audit'] as const;
type Part = (typeof PARTS)[number];

const SHOWN: Record<Part, ComponentType> = {
  ports: PortsSection,
  disks: DisksSection,
  address: AddressSection,
  time: TimeSection,
  update: UpdateSection,
  restart: RestartSection,
  certificate: CertificateSection,
  audit: AuditSection,
};
/** Only an administrator is told of these. */
const GUARDED: readonly Part[] = ['restart', 'audit'];

export function View({ params }: ViewProps) {
  const words = systemWords.get();
  const parts = PARTS.filter((part) => may('administer') || !GUARDED.includes(part));
  const now = parts.find((part) => part === params.part) ?? 'ports';
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
