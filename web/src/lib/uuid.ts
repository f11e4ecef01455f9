/** A random key of 128 bits. `crypto.randomUUID` exists only on HTTPS and localhost; `getRandomValues` everywhere. */
export const uuid = (): string =>
  crypto.randomUUID?.() ??
  [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')
