export default {
  mandates: {
    title: "当班授权",
    is: "{who}（{seat}）行使{role}职权",
    until: "至 {at}",
    open: "至交班",
    by: "{who} 于 {at} 授予",
    bySeat: "按本站规定随岗生效",
    none: "目前没有人临时行使其他职权。",
    give: "授予当班职权",
    giveMeans: "只能授予已签到值守的人员；交班、签退或班次结束时自动失效，并写入值班日志。",
    nobody: "目前没有已签到的人员可以授权。",
    to: "授予",
    role: "职权",
    ends: "到期（不填则至班次结束）",
    revoke: "撤销授权",
    revokeMeans: "{who} 的{role}职权立即失效。",
  },
};
