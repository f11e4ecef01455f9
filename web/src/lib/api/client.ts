import { Problem, problemOf } from './problem'

type Query = Record<string, string | number | boolean | undefined | null>

export interface Call {
  query?: Query
  body?: unknown
  /** Idempotency-Key: a repeat with the same one does nothing twice. */
  key?: string
  /** Told when the answer is a copy that the service worker kept, and from when: there was no network. */
  oncopy?: (at: string) => void
}

/** How long a request may take before it counts as "no answer". */
const TIMEOUT_MS = 30_000

/**
 * The only door to the network. Resolves with the answer's body; rejects with a {@link Problem}, also when no answer
 * came. The session is a cookie, and the server checks the origin: there is nothing to add.
 */
export async function call<T>(method: string, path: string, options: Call = {}): Promise<T> {
  const url = new URL(path, location.origin)
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value))
  }
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.key) headers['Idempotency-Key'] = options.key

  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method,
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    text = await response.text()
  } catch (e) {
    throw new Problem({ code: 'network', detail: String(e) })
  }
  let body: unknown
  try {
    body = text ? JSON.parse(text) : undefined
  } catch {
    // Not ours: a proxy, a captive portal. A success that cannot be read is no success.
    if (response.ok) throw new Problem({ code: 'network', detail: 'unreadable answer' })
  }
  if (!response.ok) throw problemOf(response, body)
  const copy = response.headers.get('X-SMSir-Copy')
  if (copy) options.oncopy?.(copy)
  return body as T
}

/** A value as one segment of a path. */
export const seg = encodeURIComponent
