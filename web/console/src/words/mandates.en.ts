import type zh from "./mandates.zh-CN";

const en: typeof zh = {
  mandates: {
    title: "Authority for the shift",
    is: "{who} ({seat}) has the authority of: {role}",
    until: "until {at}",
    open: "until they hand over",
    by: "given by {who}, {at}",
    bySeat: "comes with the seat, by the site's rules",
    none: "Nobody has more authority than their own now.",
    give: "Give authority",
    waits: "from the sign-on, until {at}",
    giveMeans: "Counts from their sign-on. It ends when they hand over, sign off, or their shift is over, and it goes into the logbook.",
    nobody: "Nobody else has a shift now or soon.",
    on: "on now",
    rostered: "not signed on yet",
    to: "To",
    role: "Authority of",
    ends: "Until (empty: to the end of the shift)",
    revoke: "Take it back",
    revokeMeans: "{who} has the authority of {role} no longer, at once.",
  },
};
export default en;
