import { Problem, problemOf } from './problem'
import type { paths } from './schema'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
/** Paths of the API that know a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends object ? P : never
}[keyof paths]
export type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>
type Json<R> = R extends { content: { 'application/json': infer T } } ? T : void
/** What an operation answers when it succeeds. */
export type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202 | 204)]> : never
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer B } } } ? B : undefined
export type Query<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined

export interface Call<O> {
  /** Values of the {names} in the path. */
  path?: Record<string, string>
  query?: Query<O>
  body?: Body<O>
  /** Idempotency-Key: a repeat with the same one does nothing twice. */
  key?: string
  /** If-Match: the version that is to be changed; another one is left alone (problem `stale`). */
  version?: number
  /** Told when the answer is a copy that the service worker kept, and from when: there was no network. */
  oncopy?: (at: string) => void
}

/** How long a request may take before it counts as "no answer". */
const TIMEOUT_MS = 30_000

/**
 * The only door to the network. Resolves with the answer's body; rejects with a {@link Problem}, also when no answer
 * came. The session is a cookie, and the server checks the origin: there is nothing to add.
 */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  options: Call<Operation<P, M>> = {},
): Promise<Answer<Operation<P, M>>> {
  const url = address(filled(path, options.path), options.query)
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.key) headers['Idempotency-Key'] = options.key
  if (options.version) headers['If-Match'] = `"${options.version}"`

  const { response, body } = await ask(url, {
    method: method.toUpperCase(),
    headers,
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  })
  const copy = response.headers.get('X-SMSir-Copy')
  if (copy) options.oncopy?.(copy)
  return body as Answer<Operation<P, M>>
}

/** A path with its {names} filled in. */
export const filled = (path: string, values: Record<string, string> = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))

/** An address of the server with its query; what is empty is left out. */
export function address(path: string, query: object | undefined): URL {
  const url = new URL(path, location.origin)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value))
  }
  return url
}

/** One request, and its answer as JSON. */
export async function ask(url: URL, init: RequestInit, ms = TIMEOUT_MS) {
  const { response, content } = await fetched(url, init, (r) => r.text(), ms)
  let body: unknown
  try {
    body = content ? JSON.parse(content) : undefined
  } catch {
    // Not ours: a proxy, a captive portal. A success that cannot be read is no success.
    if (response.ok) throw new Problem({ code: 'network', detail: 'unreadable answer' })
  }
  if (!response.ok) throw problemOf(response, body)
  return { response, body }
}

/** What boot.js asked for before this app was there: the first view. Taken once. */
function early(url: URL): Promise<Response> | undefined {
  if (url.pathname !== '/v1/bootstrap') return undefined
  const first = window.smsir?.first
  delete window.smsir
  return first
}

declare global {
  interface Window {
    smsir?: { first: Promise<Response> }
  }
}

/** One request, with its answer read. Rejects when none came. */
export async function fetched<T>(url: URL, init: RequestInit, read: (r: Response) => Promise<T>, ms: number) {
  try {
    const response = await (early(url) ??
      fetch(url, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(ms) }))
    return { response, content: await read(response) }
  } catch (e) {
    throw new Problem({ code: 'network', detail: String(e) })
  }
}
