/** A person's own key: made once, and asked to sign what the server says. Browsers have them over https only. */
import type { components } from "@shared/api/schema";

type Assertion = components["schemas"]["Assertion"];

/** Whether this browser can; older ones sign by PIN or password. */
export const canPasskeys = (): boolean => window.isSecureContext && typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

/** Whether it was the browser or its owner that did not go through with it, and not the server. */
export const gaveUp = (error: unknown): boolean => error instanceof DOMException;

/** A new key, as the server keeps it. Throws DOMException when the person or the key says no. */
export async function make(options: unknown): Promise<Record<string, unknown>> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  return made.toJSON() as Record<string, unknown>;
}

/** The key's signature under what is asked. Throws DOMException when the person or the key says no. */
export async function signed(options: unknown): Promise<Assertion> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const said = (found.toJSON() as { response: Record<"clientDataJSON" | "authenticatorData" | "signature", string> }).response;
  return { id: found.id, client_data: said.clientDataJSON, authenticator_data: said.authenticatorData, signature: said.signature };
}
