/** One door to the server: JSON in, JSON out, refusals as values that carry their code. */

export interface Problem { code: string; status: number; detail: string; field?: string | null; data: Record<string, unknown> }

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const BASE = "/api/v1";

export async function call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(BASE + path, {
      method,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(method === "GET" ? {} : { "X-Watchroom": "1", "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refused({ code: "unreachable", status: 0, detail: "unreachable", data: {} });
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  throw new Refused(await problemOf(answer));
}

export const get = <T>(path: string) => call<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}) => call<T>("POST", path, body);

export function query(path: string, values: Record<string, string | number | null | undefined>): string {
  const filled = Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== "");
  const text = new URLSearchParams(filled.map(([k, v]) => [k, String(v)])).toString();
  return text ? `${path}?${text}` : path;
}

async function problemOf(answer: Response): Promise<Problem> {
  const said = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  return {
    code: said.code ?? (answer.status >= 500 ? "unavailable" : "refused"),
    status: answer.status,
    detail: said.detail ?? answer.statusText,
    field: said.field ?? null,
    data: said.data ?? {},
  };
}
