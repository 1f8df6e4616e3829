/** The API's nouns, as its own description gives them. */
import type { components } from "./schema";

type Shapes = components["schemas"];
export type Iso = string;

export type Words = Shapes["Words"];
export type Role = Shapes["Role"];
export type Klass = Shapes["Klass"];
export type AlertState = Shapes["State"];
export type Disposition = Shapes["Disposition"];
export type Cause = Shapes["Cause"];
export const DISPOSITIONS = [
  "confirmed", "false_alarm", "test", "drill", "maintenance", "duplicate", "handed_to_authority",
] as const satisfies readonly Disposition[];
export const CAUSES = ["cooking", "steam", "dust", "insect", "device_fault", "works", "human", "unknown"] as const satisfies readonly Cause[];

export type Zone = Shapes["Zone"];
export type Device = Shapes["Device"];
export type Register = Shapes["Register"];
export type Alert = Shapes["Alert"];
export type AlertStory = Shapes["AlertStory"];
export type Acknowledged = Shapes["Acknowledged"];
export type EventBrief = Shapes["EventBrief"];
export type SeatState = Shapes["SeatState"];
export type DeviceState = Shapes["DeviceState"];
export type LogEntry = Shapes["LogEntry"];
export type SeatCheck = Shapes["SeatCheck"];
export type Away = Shapes["Away"];
export type LoneWatch = Shapes["LoneWatch"];
export type LogForm = Shapes["LogForm"];
export type FormField = Shapes["FormField"];
export type EntryTag = Shapes["EntryTag"];
export type Attached = Shapes["Attached"];
export type LogDays = Shapes["LogDays"];
export type LogDay = Shapes["LogDay"];
export type LogHold = Shapes["LogHold"];
export type Fired = Shapes["RungFired"];
export type Notice = Shapes["Notice"];
export type HandoverBrief = Shapes["HandoverBrief"];
export type HandoverState = Shapes["HandoverState"];
export type Handover = Shapes["Handover"];
export type HandoverItem = Shapes["HandoverItem"];
export type HandoverSheet = Shapes["HandoverSheet"];
export type RosterHead = Shapes["RosterHead"];
export type Roster = Shapes["Roster"];
export type RosterState = Shapes["RosterState"];
export type RosterMoved = Shapes["RosterMoved"];
export type RosterChange = Shapes["RosterChange"];
export type CalendarDay = Shapes["CalendarDay"];
export type DayType = CalendarDay["type"];
export type Finding = Shapes["Finding"];
export type Shift = Shapes["Shift"];
export type AttendanceRecord = Shapes["AttendanceRecord"];
export type PersonAttendance = Shapes["PersonAttendance"];
export type Stay = Shapes["StayNow"];
export type PreChecks = Shapes["PreChecks"];
export type CallMode = Shapes["CallMode"];
export type Mandate = Shapes["Mandate"];
export type GiveMandate = Shapes["GiveMandate"];
export type DutyMode = Shapes["DutyMode"];
export type DutyNotice = Shapes["DutyNotice"];
export type DutyRequest = Shapes["DutyRequest"];
export type AskRequest = Shapes["Leave"] | Shapes["Swap"] | Shapes["Substitute"] | Shapes["CallIn"];
export type SolveRoster = Shapes["SolveRoster"];
export type RosterSolve = Shapes["RosterSolve"];
export type CoverageGap = Shapes["CoverageGap"];
export type CalendarFeed = Shapes["Feed"];
export type RoundBrief = Shapes["RoundBrief"];
export type DutyTold = Shapes["DutyTold"];
export type RoundSheet = Shapes["RoundSheet"];
export type Tap = Shapes["Tap"];
export type VersionChange = Shapes["VersionChange"];
export type PatrolReport = Shapes["PatrolReport"];
export type Snapshot = Shapes["Snapshot"];
export type Me = Shapes["Me"];
export type DemoLogin = Shapes["DemoLogin"];
export type Modes = Shapes["Modes"];
export type RoundPoint = Shapes["RoundPoint"];
export type PatrolTask = Shapes["PatrolTask"];
export type Checkpoint = Shapes["Checkpoint"];
export type Push = Shapes["Push"];

/** The bits of an event's `flags`, by their catalogue names. */
const FLAGS = ["test", "history", "retained", "unknown_device", "clock_skew", "late"] as const;
export const flagsOf = (flags: number): string[] => FLAGS.filter((_, bit) => flags & (1 << bit));
