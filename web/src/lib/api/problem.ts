import type { Schemas } from './types'

export type FieldProblem = Schemas['FieldError']

/** An answer of the server that is not a success, or no answer at all (`status` 0, `code` "network"). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly fix: string
  readonly fields: FieldProblem[]
  /** Identifier to look for in the server's log; only of errors of the server. */
  readonly instance: string
  /** Seconds to wait, from Retry-After; 0 when the server did not say. */
  readonly retryAfter: number
  /** The very same request may work later. */
  readonly retryable: boolean

  constructor(body: Partial<Schemas['Problem']>, retryAfter = 0) {
    super(body.detail || body.title || body.code || 'error')
    this.name = 'Problem'
    this.status = body.status ?? 0
    this.code = body.code ?? (this.status ? 'error' : 'network')
    this.title = body.title ?? ''
    this.detail = body.detail ?? ''
    this.fix = body.fix ?? ''
    this.fields = body.errors ?? []
    this.instance = body.instance ?? ''
    this.retryAfter = retryAfter
    // No answer, or one of something between us and the server: what was asked for may or may not have happened.
    this.retryable = body.retryable ?? (this.status === 0 || this.status >= 500 || this.status === 429)
  }

  /** No answer came: whether the server acted on the request is not known. */
  get network() {
    return this.status === 0
  }

  /** What the server said about one field of the request, or about an element of it. */
  field(name: string): string | undefined {
    return this.fields.find((f) => f.field === name || f.field?.startsWith(`${name}[`))?.detail
  }
}

/** Reads a problem+json body; anything else becomes a problem that carries the status alone. */
export function problemOf(response: Response, body: unknown): Problem {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Partial<Schemas['Problem']>
  return new Problem(
    { ...given, status: response.status, errors: Array.isArray(given.errors) ? given.errors : [] },
    Number(response.headers.get('Retry-After')) || 0,
  )
}

/** Any thrown thing as a problem: a rejected fetch means that no answer came. */
export const asProblem = (e: unknown): Problem =>
  e instanceof Problem
    ? e
    : new Problem({ code: e instanceof TypeError ? 'network' : 'error', detail: String(e) })
