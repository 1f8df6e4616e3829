/** What the server takes as proof that it is oneself. */
import { usesPin } from "./session";

export type Proof = { pin: string } | { password: string };
export const proofOf = (secret: string): Proof => (usesPin.value === "1" ? { pin: secret } : { password: secret });
