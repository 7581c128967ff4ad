import type { DashboardWords } from './dashboard-en.ts';

export const zh: DashboardWords = {
  saved: '累计节省外网流量',
};
