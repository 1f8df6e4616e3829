/** One typed door to the server. Refusals are thrown as values that carry their code. */
import createClient from "openapi-fetch";

import type { components, paths } from "./schema";

export type Problem = Pick<components["schemas"]["Problem"], "code" | "status" | "detail" | "field" | "data">;

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

export const client = createClient<paths>({ baseUrl: "", credentials: "same-origin", headers: { "X-Watchroom": "1" } });

interface Answer<T> { data?: T; error?: unknown; response: Response }

/** What was asked for, or the refusal. */
export async function taken<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new Refused({ code: "unreachable", status: 0, detail: "", field: null, data: {} });
  }
  if (answer.response.ok) return answer.data as NonNullable<T>;
  throw new Refused(problemOf(answer.response.status, answer.error));
}

function problemOf(status: number, said: unknown): Problem {
  const problem = (typeof said === "object" && said !== null ? said : {}) as Partial<Problem>;
  return {
    code: problem.code ?? (status >= 500 ? "unavailable" : "refused"),
    status,
    detail: problem.detail ?? "",
    field: problem.field ?? null,
    data: problem.data ?? {},
  };
}
