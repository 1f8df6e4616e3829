import type zh from "./equipment.zh-CN";

const en: typeof zh = {
  title: "Equipment tests",
  overdue: "{n} overdue",
  late: "Overdue",
  due: "due by {day}",
  day: "every day",
  month: "every month",
  days: "every {n} days",
  months: "every {n} months",
  never: "no result yet",
  record: "Record a result",
  note: "What was found (needed for a failure)",
  passed: "Passed",
  failed: "Failed",
};
export default en;
