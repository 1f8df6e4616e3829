import type zh from "./presence.zh-CN";

const en: typeof zh = {
  check: {
    label: "Presence check",
    ask: "Presence check: {who} at {seat}, please answer",
    left: "{time} left",
    answer: "I am here",
    password: "Your password",
    missed: "The presence check was not answered in time and has been reported. An answer now is recorded as late.",
    late: "Answer now",
    done: { answered: "Answered after {s} s.", late: "Answered, recorded as late.", witness: "You are not the one who was asked; this does not count." },
    call: "Check presence now",
    called: "The check has been sent.",
  },
  away: {
    leave: "Leave for a while…",
    means: "While you are away your stand-in answers for the seat; without one you must be within reach. At most {max} minutes.",
    minutes: "For how long (minutes)",
    reason: "Why (required)",
    standIn: "Stand-in",
    needed: " (required)",
    optional: " (optional)",
    nobody: "Nobody",
    contact: "How to reach you",
    password: "{you}, enter your password to confirm",
    do: "Ask to leave",
    waits: "{who} has been asked to stand in. You may go once they accept; until then you answer for {seat}.",
    takeBack: "I am staying",
    asked: "{who} asks you to stand in at {seat} for {n} minutes: {why}",
    accept: "Stand in",
    acceptMeans: "Once you confirm, {seat} is yours until they are back.",
    decline: "I cannot",
    youAreAway: "You are away from {seat}. Be back by {at} ({left} left).",
    overdue: "You are away from {seat} and {over} overdue; this has been reported. Come back now.",
    recalled: "You are called back to {seat}: be there by {at}.",
    back: "I am back",
    standing: "You stand in for {who} at {seat}, who is due back by {at}.",
  },
  sign: { handover: "Hand it over", early: "Hand the seat over before you leave it." },
};

export default en;
