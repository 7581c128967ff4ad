import type { WarningWords } from './warnings-en.ts';

export const zh: WarningWords = {
  warning: {
    'port-down': { what: '网口 {port} 没有连接。', todo: '请检查网线和对端设备。' },
    'port-missing': { what: '找不到网口 {port}。', todo: '请检查网卡，或更正配置中的网口名称。' },
    'disk-low': { what: '缓存磁盘将满，剩余 {freeBytes}。', todo: '不影响上网。换更大的磁盘可以缓存更多内容。' },
    'disk-unknown': { what: '缓存磁盘无响应。', todo: '请检查 {path} 是否已挂载、磁盘是否完好。期间流量照常通过。' },
    'disk-gone': {
      what: '磁盘 {path} 已失去连接。',
      todo: '请检查数据线和挂载。其上的内容会重新获取；磁盘恢复后自动继续使用。',
    },
    'disk-failing': {
      what: '磁盘 {path} 报告了 {count} 次错误。',
      todo: '新内容不再存到该盘。请尽快更换，其上的内容可以重新获取。',
    },
    'disk-rots': {
      what: '磁盘 {path} 上有 {count} 个分块的数据已损坏。',
      todo: '坏数据没有到达任何客户机，有人需要时重新获取。如果逐周增多，请更换磁盘，并检测内存。',
    },
    'disk-worn': {
      what: '磁盘 {path} 自检报告即将损坏（{name}）。',
      todo: '请尽快更换，其上的内容可以重新获取。更换之前照常提供；其他盘有空间时，新种子存到其他盘。',
    },
    'disk-sectors': {
      what: '磁盘 {path} 新增了 {count} 个坏扇区（{name}）。',
      todo: '每个分块都经过校验，不会发出错误数据。其他盘有空间时，新种子存到其他盘。如果数量继续增加，请更换磁盘。',
    },
    'disk-used-up': {
      what: '固态盘 {path} 已用去额定寿命的 {percent} %（{name}）。',
      todo: '请准备替换的磁盘。其他盘有空间时，新种子存到其他盘。',
    },
    'disk-hot': {
      what: '磁盘 {path} 温度异常：{celsius} °C（{name}）。',
      todo: '请检查风扇和盒子周围的通风。恢复正常之前，新种子存到其他盘。',
    },
    'memory-low': { what: '内存不足，剩余 {availableBytes}。', todo: '请在配置中调小内存缓存，或增加内存。' },
    'load-high': { what: '处理器占用 {percent} %。', todo: '如果长时间如此，说明这台机器不够用。' },
    'disk-full': { what: '缓存磁盘已满。', todo: '已有内容照常提供。清理空间或加装磁盘可以缓存更多。' },
    'disk-failed': { what: '缓存磁盘报告错误。', todo: '请检查磁盘和数据线。期间客户机直接下载。' },
    'steering-failed': { what: '引流功能失效。', todo: '盒子现在等同于一根网线，不影响上网。请查看日志并重启盒子。' },
    'pppoe-passes': {
      what: '{percent} % 的流量是 PPPoE，盒子无法查看其内容。',
      todo: '流量照常通过。请把盒子接到拨号设备靠近客户机的一侧。',
    },
    'qinq-passes': {
      what: '{percent} % 的流量带有两层 VLAN 标签，盒子只能识别一层。',
      todo: '流量照常通过。请把盒子接到只有一层标签或没有标签的位置。',
    },
    'vlan-passes': {
      what: '{percent} % 的流量属于未配置的 VLAN。',
      todo: '流量照常通过。如需加速，请在配置和网桥脚本的设置中填写这些 VLAN。',
    },
    overload: {
      what: '负载超出盒子的能力，新连接直接放行（已放行 {passed} 个）。',
      todo: '不影响上网，等同于没有盒子；负载下降后自动恢复。如果经常出现，说明需要更快的机器。',
    },
    'overload-sheds': {
      what: '负载远超盒子的能力，已断开 {shed} 个客户机连接，新连接直接放行（已放行 {passed} 个）。',
      todo: '不影响上网，等同于没有盒子；负载下降后自动恢复。如果经常出现，说明需要更快的机器。',
    },
    'index-rebuilt': { what: '索引损坏，已重新建立。', todo: '无需处理。损坏的文件保留在旁边。' },
    'unclean-stop': { what: '盒子曾断电或被强行终止。', todo: '无需处理：可疑内容会先校验再提供。' },
    'bad-pieces': { what: '有节点为 {name} 发送了错误数据。', todo: '无需处理：数据已拒收，没有到达任何客户机。' },
    'fleet-incomplete': {
      what: '盒子没有加入分发网络：设置项 {name} 为空。',
      todo: '请在“设置 - 分发网络”中填写，然后重启盒子。在此期间缓存照常工作。',
    },
    'fleet-file': {
      what: '盒子没有加入分发网络：{path} 无法使用。',
      todo: '请放入正确的文件，或在“设置 - 分发网络”中更正路径。盒子会自动重试。',
    },
    'fleet-place': {
      what: '盒子没有加入分发网络：其他机器无法在 {name} 连接它。',
      todo: '请在“设置 - 分发网络”中更换地址或端口，然后重启盒子。网桥需要有自己的地址。',
    },
    'fleet-broker': {
      what: '盒子连不上分发网络的消息服务器 {host}。',
      todo: '请检查消息服务器、到它的线路，以及密码或证书。盒子照常提供已有内容，并自动重试。',
    },
    'fleet-book': {
      what: '盒子没有加入分发网络：记录文件 {path} 无法打开。',
      todo: '请检查数据目录所在的磁盘，或将该文件移走。盒子会自动重试。',
    },
  },
};
