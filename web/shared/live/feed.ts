/** The live feed of one site over SSE. It resumes after the last push, and says when it has gone quiet. */
import type { Push } from "../api/types";

export interface Listener {
  hello(): void;
  push(push: Push): void;
  /** The server's clock, as often as it beats. */
  beat(at: string): void;
  refetch(why: string): void;
  signedOut(): void;
  /** The connection was refused or dropped; it will be tried again. */
  lost(): void;
}

const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const SILENCE_MS = 15_000;

export class Feed {
  private source: EventSource | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval>;
  private tries = 0;
  private lastSign = performance.now();

  constructor(private readonly site: string, private after: number, private readonly to: Listener) {
    this.open();
    this.watch = setInterval(() => {
      if (this.source && performance.now() - this.lastSign > SILENCE_MS) this.again();
    }, 1000);
  }

  close(): void {
    clearInterval(this.watch);
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  private open(): void {
    this.lastSign = performance.now();
    const source = new EventSource(`/api/v1/live?site=${encodeURIComponent(this.site)}&after=${this.after}`);
    this.source = source;
    const on = (name: string, act: (data: never) => void) =>
      source.addEventListener(name, (message) => {
        if (this.source !== source) return;
        this.lastSign = performance.now();
        const text = (message as MessageEvent<string>).data;
        act((text ? JSON.parse(text) : {}) as never);
      });
    on("hello", () => {
      this.tries = 0;
      this.to.hello();
    });
    on("push", (push: Push) => {
      this.after = Math.max(this.after, push.seq);
      this.to.push(push);
    });
    on("beat", (data: { at: string }) => this.to.beat(data.at));
    on("refetch", (data: { why: string }) => this.to.refetch(data.why));
    on("signed_out", () => {
      this.close();
      this.to.signedOut();
    });
    source.onerror = () => {
      if (this.source === source) this.again();
    };
  }

  /** We reopen ourselves, with `after`: the browser's own retry stops for good at the first HTTP error. */
  private again(): void {
    this.source?.close();
    this.source = null;
    this.to.lost();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]);
    this.tries += 1;
  }
}
