/** Put data into the blanks of a sentence; an unfilled blank stays. */
export const fill = (text: string, data: Record<string, unknown> = {}): string =>
  text.replace(/\{(\w+)\}/g, (blank, name: string) => (name in data ? String(data[name]) : blank));
