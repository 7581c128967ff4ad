import type { DiskReasons } from './disk-reasons-en.ts';

export const zh: DiskReasons = {
  silent: {
    'not-asked-yet': '健康状况：尚未查询',
    'no-smartctl': '健康状况未知：没有 smartctl（软件包 smartmontools）',
    'not-permitted': '健康状况未知：盒子没有查询磁盘的权限',
    'no-device': '健康状况未知：没有单独的磁盘',
    virtual: '健康状况未知：虚拟磁盘',
    'no-smart': '健康状况未知：磁盘或 USB 转接器不提供',
    asleep: '健康状况未知：磁盘在休眠',
    'no-answer': '健康状况未知：磁盘无应答',
    garbled: '健康状况未知：无法理解 smartctl 的输出',
  },
  wornOf: {
    'says-failing': '自检报告即将损坏',
    'bad-sectors': '坏扇区增加',
    'used-up': '超过额定寿命',
    hot: '温度异常',
  },
  verdictOf: { passed: '自检正常', failing: '自检报告即将损坏', unknown: '健康状况未知' },
  diskState: { good: '正常', failing: '报告错误', gone: '失去连接' },
  diskKind: { hdd: '机械盘', ssd: '固态盘', unknown: '' },
};
