/**
 * Every route: what it takes and what it answers. The OpenAPI description, the server's types and the page's calls are all made from this.
 * `{name}` in a path is a parameter. Any answer but a success is a `Problem`.
 */
import type { BoxSnapshot, ExplainView, PrefillView, RateSample, WhatIfView } from './contract.ts';
import type {
  AccessSettings,
  AccountChange,
  AccountView,
  AuditPage,
  AuditQuery,
  CertificateView,
  FirstAccount,
  MadeToken,
  NewAccount,
  NewToken,
  OwnCertificate,
  PasswordChange,
  PasswordOnly,
  SessionRow,
  SessionView,
  SignIn,
  TokenView,
  TotpConfirmation,
  TotpOffer,
} from './contract-access.ts';
import type { Problem, Raw } from './contract-common.ts';
import type {
  Balance,
  ClientHistory,
  ClientHistoryQuery,
  ClientsView,
  ForgetClients,
  Series,
  SeriesQuery,
  Worth,
} from './contract-figures.ts';
import type {
  FleetDiary,
  FleetDiaryQuery,
  FleetDistributionDetail,
  FleetDistributions,
  FleetDistributionsQuery,
  FleetNodeDetail,
  FleetNodes,
  FleetNodesQuery,
  FleetPartQuery,
  FleetRetry,
  FleetSnapshot,
  FleetTargets,
  FleetTargetsQuery,
  FleetUpload,
  NewFleetUpload,
  NewPublication,
} from './contract-fleet.ts';
import type {
  AdoptDisk,
  Blink,
  BundleUrl,
  DiskAdopted,
  DiskCandidates,
  DiskPath,
  DrainView,
  InstallBundle,
  NetworkChange,
  NetworkView,
  PortsView,
  Restart,
  RestartView,
  TimeChange,
  TimeView,
  UpdateView,
} from './contract-machine.ts';
import type {
  BackupRequest,
  BackupRestore,
  BackupRestored,
  Confirmation,
  DiffQuery,
  FactoryReset,
  Restore,
  SettingsChange,
  SettingsChanged,
  SettingsCheck,
  SettingsDiff,
  SettingsHistory,
  SettingsView,
} from './contract-settings.ts';
import type {
  NewOrder,
  OrderAdded,
  OrderMove,
  TaskActions,
  TaskActionsDone,
  TaskDetail,
  TaskPage,
  TaskQuery,
} from './contract-tasks.ts';

/** Which flows to explain. */
export type ExplainQuery = {
  /** An IP address. @maxLength 64 */
  client?: string;
  /** `ip:port`, IPv6 in brackets. @maxLength 64 */
  endpoint?: string;
};
/** `steering`: of a box; a central steers nothing. */
export type HealthAnswer = {
  ok: boolean;
  version: string;
  steering?: 'armed' | 'disarmed' | 'failed';
  /** Of a box that is to take part in a fleet. */
  fleet?: 'joined' | 'not-joined';
};
export type None = Record<never, never>;

export type Api = {
  /** Whether the daemon serves: 200, or 503 when a box does not steer flows, or a central has no broker. */
  'GET /api/health': { answer: HealthAnswer };
  /** This description. */
  'GET /api/openapi.json': { answer: Raw<'application/json'> };
  'GET /metrics': { answer: Raw<'text/plain'> };

  'GET /api/session': { answer: SessionView };
  'POST /api/session': { body: SignIn; answer: SessionView };
  'DELETE /api/session': { answer: None };
  'POST /api/set-up': { body: FirstAccount; answer: SessionView };
  'GET /api/accounts': { answer: { accounts: readonly AccountView[] } };
  'POST /api/accounts': { body: NewAccount; answer: AccountView };
  'PATCH /api/accounts/{name}': { body: AccountChange; answer: AccountView };
  'DELETE /api/accounts/{name}': { answer: None };
  'POST /api/account/password': { body: PasswordChange; answer: SessionView };
  'POST /api/account/totp': { body: PasswordOnly; answer: TotpOffer };
  'POST /api/account/totp/confirm': { body: TotpConfirmation; answer: SessionView };
  'POST /api/account/totp/remove': { body: PasswordOnly; answer: SessionView };
  'GET /api/sessions': { answer: { sessions: readonly SessionRow[] } };
  'DELETE /api/sessions/{id}': { answer: None };
  'GET /api/tokens': { answer: { tokens: readonly TokenView[] } };
  'POST /api/tokens': { body: NewToken; answer: MadeToken };
  'DELETE /api/tokens/{id}': { answer: None };
  'GET /api/access': { answer: AccessSettings };
  'PUT /api/access': { body: AccessSettings; answer: AccessSettings };
  'GET /api/audit': { query: AuditQuery; answer: AuditPage };
  'GET /api/certificate': { answer: CertificateView };
  'PUT /api/certificate': { body: OwnCertificate; answer: CertificateView };
  /** Back to one that the box makes. */
  'DELETE /api/certificate': { answer: CertificateView };

  'GET /api/snapshot': { answer: BoxSnapshot };
  'GET /api/history': { answer: readonly RateSample[] };
  'GET /api/explain': { query: ExplainQuery; answer: readonly ExplainView[] };
  'GET /api/what-if': { answer: WhatIfView };
  'GET /api/trace': { answer: Raw<'application/x-ndjson'> };
  'GET /api/worth': { answer: Worth };
  'GET /api/series': { query: SeriesQuery; answer: Series };
  'GET /api/balance': { answer: Balance };
  'GET /api/clients': { answer: ClientsView };
  'GET /api/clients/history': { query: ClientHistoryQuery; answer: ClientHistory };
  /** Forgets all of it, or what is known of one client. */
  'DELETE /api/clients/history': { query: ForgetClients; answer: None };

  'GET /api/tasks': { query: TaskQuery; answer: TaskPage };
  'GET /api/tasks/{infoHash}': { answer: TaskDetail };
  'POST /api/tasks/actions': { body: TaskActions; answer: TaskActionsDone };
  'GET /api/orders': { answer: PrefillView };
  'POST /api/orders': { body: NewOrder; answer: OrderAdded };
  'POST /api/orders/{infoHash}/move': { body: OrderMove; answer: None };
  'DELETE /api/orders/{infoHash}': { answer: None };

  'GET /api/settings': { answer: SettingsView };
  'POST /api/settings/check': { body: SettingsChange; answer: SettingsCheck };
  'PATCH /api/settings': { body: SettingsChange; answer: SettingsChanged };
  'POST /api/settings/confirm': { body: Confirmation; answer: SettingsChanged };
  'POST /api/settings/revert': { answer: SettingsChanged };
  'GET /api/settings/history': { answer: SettingsHistory };
  'GET /api/settings/diff': { query: DiffQuery; answer: SettingsDiff };
  'POST /api/settings/restore': { body: Restore; answer: SettingsChanged };
  'POST /api/backup': { body: BackupRequest; answer: Raw<'application/octet-stream'> };
  'POST /api/backup/restore': { body: BackupRestore; answer: BackupRestored };
  'POST /api/factory-reset': { body: FactoryReset; answer: None };

  'GET /api/ports': { answer: PortsView };
  'POST /api/ports/{name}/blink': { body: Blink; answer: None };
  'GET /api/disks/candidates': { answer: DiskCandidates };
  'POST /api/disks': { body: AdoptDisk; answer: DiskAdopted };
  'POST /api/disks/drain': { body: DiskPath; answer: DrainView };
  'POST /api/disks/undrain': { body: DiskPath; answer: None };
  'GET /api/disks/drains': { answer: { drains: readonly DrainView[] } };
  'POST /api/disks/remove': { body: DiskPath; answer: None };
  'GET /api/network': { answer: NetworkView };
  'PUT /api/network': { body: NetworkChange; answer: NetworkView };
  'POST /api/network/confirm': { body: Confirmation; answer: NetworkView };
  'POST /api/network/revert': { answer: NetworkView };
  'GET /api/time': { answer: TimeView };
  'PUT /api/time': { body: TimeChange; answer: TimeView };
  'GET /api/restart': { answer: RestartView };
  'POST /api/restart': { body: Restart; answer: None };
  'GET /api/update': { answer: UpdateView };
  /** The bundle itself as the body. */
  'POST /api/update/bundle': { body: Raw<'application/octet-stream'>; answer: UpdateView };
  'POST /api/update/url': { body: BundleUrl; answer: UpdateView };
  'POST /api/update/install': { body: InstallBundle; answer: UpdateView };
  'POST /api/update/discard': { answer: UpdateView };
  'POST /api/update/roll-back': { answer: UpdateView };

  /** Of a central alone, as all of /api/fleet. What `/api/live` sends there. */
  'GET /api/fleet/snapshot': { answer: FleetSnapshot };
  'GET /api/fleet/nodes': { query: FleetNodesQuery; answer: FleetNodes };
  'GET /api/fleet/nodes/{name}': { answer: FleetNodeDetail };
  'GET /api/fleet/distributions': { query: FleetDistributionsQuery; answer: FleetDistributions };
  'GET /api/fleet/distributions/{id}': { answer: FleetDistributionDetail };
  'GET /api/fleet/distributions/{id}/targets': { query: FleetTargetsQuery; answer: FleetTargets };
  /** Whoever failed or refused is tried again, now. */
  'POST /api/fleet/distributions/{id}/retry': { body: FleetRetry; answer: None };
  /** Nobody shall have it any more who has not got it. */
  'POST /api/fleet/distributions/{id}/cancel': { answer: None };
  /** A roll-out of firmware that was stopped goes on, whatever has failed so far. */
  'POST /api/fleet/distributions/{id}/resume': { answer: None };
  'GET /api/fleet/diary': { query: FleetDiaryQuery; answer: FleetDiary };
  /** First the list of the files, then each of them, then what is to be done with them. */
  'POST /api/fleet/uploads': { body: NewFleetUpload; answer: FleetUpload };
  'GET /api/fleet/uploads/{id}': { answer: FleetUpload };
  'DELETE /api/fleet/uploads/{id}': { answer: None };
  /** The bytes of a file, by its number in the list: all of it, or from where an earlier one broke off. */
  'PUT /api/fleet/uploads/{id}/files/{file}': {
    query: FleetPartQuery;
    body: Raw<'application/octet-stream'>;
    answer: FleetUpload;
  };
  /** Begins to read and sign it: `GET /api/fleet/uploads/{id}` tells what came of it. */
  'POST /api/fleet/uploads/{id}/publish': { body: NewPublication; answer: FleetUpload };
};

export type RouteName = keyof Api;
export type BodyOf<R extends RouteName> = Api[R] extends { body: infer B } ? B : undefined;
export type QueryOf<R extends RouteName> = Api[R] extends { query: infer Q } ? Q : undefined;
export type AnswerOf<R extends RouteName> = Api[R]['answer'];

/** What the schema file is made of. */
export type Contract = { api: Api; problem: Problem };
