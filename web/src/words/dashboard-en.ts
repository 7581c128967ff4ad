export const en = {
  saved: 'Saved on the internet line',
};
export type DashboardWords = typeof en;
