/** A value that this browser remembers; the console on the same device knows some of them by the same names. */
import { type Ref, ref, watch } from "vue";

export function stored<T>(name: string, otherwise: T): Ref<T> {
  const read = (text: string | null): T => (text === null ? otherwise : typeof otherwise === "string" ? (text as T) : (JSON.parse(text) as T));
  const value = ref(read(localStorage.getItem(name))) as Ref<T>;
  watch(value, (now) => (now === null ? localStorage.removeItem(name) : localStorage.setItem(name, typeof now === "string" ? now : JSON.stringify(now))), { flush: "sync" });
  return value;
}
