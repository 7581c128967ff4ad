import type { SettingNames, SettingWords } from './setting-names-en.ts';

const settings: Record<keyof SettingNames['settings'], SettingWords> = {
  'uplink.mbps': { label: '外网下载最高速率', help: '盒子从外网下载时占用的线路不超过此值。', empty: '不限' },
  'uplink.hours': {
    label: '分时段速率',
    help: '在这些时段内改用此速率；重叠时以排在前面的为准。可到 24:00，也可跨午夜。',
  },
  'uplink.dayGB': {
    label: '每天最多下载',
    help: '用完后，完整的种子照常服务，其余由客户机直接下载，直到午夜。',
    empty: '不限',
  },
  'uplink.yield': { label: '为其他流量让路', help: '线路上有别的流量时，下载自动减速。' },
  'uplink.wasteShare': {
    label: '提前下载而无人取用的上限',
    help: '占全部下载量的比例。超过后，有客户机来之前不再下载。',
  },
  'limits.clientMbps': { label: '每台客户机最高速率', help: '盒子向一台电脑供数据的速率。', empty: '不限' },
  'limits.taskMbps': { label: '每个种子最高速率', help: '向同一种子的所有客户机供数据的总速率。', empty: '不限' },
  'limits.boxMbps': { label: '整机最高速率', help: '盒子向所有客户机供数据的总速率。', empty: '不限' },
  'prefill.hours': { label: '预先下载的时段', help: '盒子在这些时段提前下载您希望放在盒子里的内容。留空表示从不。' },
  'prefill.dayShare': { label: '预先下载可用的比例', help: '在“每天最多下载”的量中，可用于预先下载的份额。' },
  fetchOnAnnounce: {
    label: '客户机一通告就开始下载',
    help: '客户机告诉公开 Tracker 要下载什么时，趁它还在找节点，先下载开头部分。',
  },
  seats: { label: '同时提前下载的种子数', help: '客户机正在等的内容立即下载，不占名额。' },
  seatRule: { label: '名额的分配规则', help: '除非要比较各种规则，否则不必更改。' },
  pin: { label: '从不删除的种子', help: '特征码，每行一个。' },
  block: { label: '从不服务的种子', help: '特征码，每行一个。这些种子原样放行。' },
  allow: { label: '只服务这些种子', help: '特征码，每行一个。其余全部原样放行。', empty: '全部' },
  servePrivate: { label: '服务私有种子', help: '来自统计上传量的封闭站点。盒子从不向任何地方通告它们。' },
  cacheMiB: { label: '分块的内存缓存', help: '需求最多的内容直接由内存供应。' },
  floorMiB: { label: '每块磁盘保留的空间', help: '盒子不会占用这部分空间。' },
  disks: {
    label: '存放分块的目录',
    help: '每个目录在一块单独的磁盘上，每行一个。留空则用数据目录。在“系统”中添加磁盘更方便。',
  },
  volatileDir: { label: '未完成分块的内存目录', help: '程序重启后，其中的内容仍在。' },
  scrubMBps: {
    label: '查找损坏数据的读取速率',
    help: '磁盘空闲时以此速率检查已有数据，损坏的重新下载。0 表示不检查。',
  },
  evict: { label: '磁盘将满时腾出空间', help: '价值最低的先删除。关闭后，磁盘满了就不再保存新内容。' },
  spareFlash: { label: '减少固态盘磨损', help: '只有固态盘且都将满时，有第二台客户机需要才保存。' },
  clients: { label: '同时服务的连接数', help: '超出的直接放行。配置较低的机器会自动减少。' },
  optOut: { label: '不参与的客户机', help: '地址或网段，每行一个。其流量不读取、不暂扣、不引流。' },
  neverSteer: { label: '从不引流的外网地址', help: '地址或网段，每行一个。到这些地址的连接始终原样放行。' },
  'localPeer.enabled': { label: '在局域网内作为邻居节点', help: '客户机在局域网内寻找节点时，盒子应答并接受其连接。' },
  'localPeer.port': { label: '邻居节点的端口', help: 'TCP，仅限内网一侧。' },
  'dht.enabled': { label: '查询 DHT', help: '种子几乎没有节点时使用。盒子只查询，并且需要自己的地址。' },
  'dht.bootstrap': { label: '初始 DHT 节点', help: '主机:端口，每行一个。' },
  lan: { label: '接内网的网口', help: '连接电脑一侧的网口。' },
  wan: { label: '接外网的网口', help: '连接路由器一侧的网口。' },
  bridge: { label: '网桥', help: '连接两个网口的网桥名称。' },
  vlans: {
    label: '提供服务的 VLAN',
    help: '802.1Q 编号，每行一个。不带标签的流量始终服务。启动网桥时也要写上同样的编号。',
  },
  listenPort: { label: '内部端口', help: 'TCP，用于引流的连接，线路上看不到。' },
  logGroup: { label: '数据包日志组', help: '与其他程序冲突时才需更改。' },
  dataDir: { label: '数据目录', help: '索引和账号保存在这里。' },
  'admin.host': { label: '本页面的监听地址', help: '盒子的某个地址。127.0.0.1 表示仅限盒子本机。' },
  'admin.port': { label: '本页面的端口', help: 'TCP。' },
  'admin.path': { label: '本页面监听的套接字', help: 'Unix 套接字。' },
  names: { label: '盒子的主机名', help: '每行一个。除地址外，还可以用这些名称打开本页面。' },
  'syslog.enabled': { label: '同时把日志发往别处', help: '发往 syslog 服务器（RFC 5424）。' },
  'syslog.host': { label: 'syslog 服务器', help: '地址或名称。' },
  'syslog.port': { label: 'syslog 服务器端口', help: '通常为 514。' },
  'syslog.protocol': { label: '发往 syslog 服务器的协议', help: 'TCP 在连接期间不会丢失日志。' },
  trace: {
    label: '匿名记录需求',
    help: '保留一周，不含地址和种子，用来回答“更大的磁盘能省多少”。关闭后删除已有记录。',
  },
  'clientHistory.enabled': {
    label: '记录每台客户机的历史',
    help: '关闭时只保留总计。打开之前，请告知这些电脑的使用者。',
  },
  'clientHistory.keepDays': { label: '保留时间', help: '更早的记录会被删除。' },
};

const choices: Record<keyof SettingNames['choices'], string> = {
  'seatRule.priced': '按价格（推荐）',
  'seatRule.plain': '先到先得',
  'seatRule.lease': '限时',
  'seatRule.lease-vacate': '限时，慢的让出',
  'seatRule.ranked': '按排名',
  'syslog.protocol.udp': 'UDP',
  'syslog.protocol.tcp': 'TCP',
};

export const zh = { settings, choices };
