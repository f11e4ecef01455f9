import { Problem, problemOf } from './problem'
import type { paths } from './schema'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
/** Paths of the API that know a method. */
type PathOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths]
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>
type Json<R> = R extends { content: { 'application/json': infer T } } ? T : void
/** What an operation answers when it succeeds. */
type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202 | 204)]> : never
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer B } } } ? B : undefined
type Query<O> = O extends { parameters: { query?: infer Q } } ? Q : undefined

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
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(options.path?.[name] ?? ''),
  )
  const url = address(filled, options.query)
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

/** How long a file may take on its way. */
const FILE_MS = 600_000

/** Sends a file as it is, and resolves with the answer's body. */
export async function upload<P extends PathOf<'post'>>(
  path: P,
  file: Blob,
  type: string,
  query: Query<Operation<P, 'post'>>,
): Promise<Answer<Operation<P, 'post'>>> {
  const headers = { Accept: 'application/json', 'Content-Type': type }
  const { body } = await ask(address(path, query), { method: 'POST', headers, body: file }, FILE_MS)
  return body as Answer<Operation<P, 'post'>>
}

/** Gets a file and hands it to the browser under a name. */
export async function download(path: string, name: string, query: Record<string, string> = {}) {
  let response: Response
  let file: Blob
  try {
    response = await fetch(address(path, query), {
      credentials: 'same-origin',
      signal: AbortSignal.timeout(FILE_MS),
    })
    file = await response.blob()
  } catch (e) {
    throw new Problem({ code: 'network', detail: String(e) })
  }
  if (!response.ok)
    throw problemOf(
      response,
      await file
        .text()
        .then(JSON.parse)
        .catch(() => undefined),
    )
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function address(path: string, query: object | undefined): URL {
  const url = new URL(path, location.origin)
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value))
  }
  return url
}

/** One request, and its answer as JSON. */
async function ask(url: URL, init: RequestInit, ms = TIMEOUT_MS) {
  let response: Response
  let text: string
  try {
    response = await fetch(url, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(ms) })
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
  return { response, body }
}
