/** 设备定期测试。 */
export default {
  title: "设备定期测试",
  overdue: "{n} 项逾期",
  late: "逾期",
  due: "{day} 到期",
  day: "每天",
  month: "每月",
  days: "每 {n} 天",
  months: "每 {n} 个月",
  never: "还没有测试记录",
  record: "记录结果",
  note: "测试情况（不合格时必填）",
  passed: "合格",
  failed: "不合格",
};
