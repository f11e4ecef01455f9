import type { MessageQuery } from '$lib/api/messages'
import { STATUSES, type Message, type MessageStatus } from '$lib/api/types'

/** What the history can be narrowed by. All of it stands in the address. */
export interface Filters {
  /** One status, or several with commas between them. */
  status?: string
  to?: string
  from?: string
  text?: string
  since?: string
  until?: string
  batch?: string
  created_by?: string
  provider?: string
}

export const FILTER_KEYS = [
  'status',
  'to',
  'from',
  'text',
  'since',
  'until',
  'batch',
  'created_by',
  'provider',
] as const

/** Reads filters from the address; a status that does not exist is left out. */
export function fromParams(params: URLSearchParams): Filters {
  const filters: Record<string, string> = {}
  for (const key of FILTER_KEYS) {
    const value = params.get(key)?.trim()
    if (value) filters[key] = value
  }
  const known = statusesOf(filters)
  if (known.length) filters.status = known.join(',')
  else delete filters.status
  return filters as Filters
}

export const statusesOf = (f: Filters): MessageStatus[] =>
  (f.status?.split(',') ?? []).filter((s) => STATUSES.includes(s as MessageStatus)) as MessageStatus[]

/** The filters as the query of an address. */
export const toParams = (f: Filters): URLSearchParams =>
  new URLSearchParams(FILTER_KEYS.flatMap((k) => (f[k] ? [[k, f[k]] as [string, string]] : [])))

export const keyOf = (f: Filters): string => FILTER_KEYS.map((k) => f[k] ?? '').join('\u0000')

export const isEmpty = (f: Filters): boolean => FILTER_KEYS.every((k) => !f[k])

/** The filters as the API takes them. */
export const toQuery = (f: Filters): MessageQuery => ({
  ...f,
  status: f.status ? statusesOf(f) : undefined,
})

/** Whether a new message belongs to a list with these filters: the same question as the server answers. */
export function matches(m: Message, f: Filters): boolean {
  const fold = (s: string) => s.toLocaleLowerCase()
  if (f.status && !statusesOf(f).includes(m.status)) return false
  if (f.to && !m.to.includes(f.to)) return false
  if (f.from && m.from !== f.from) return false
  if (f.text && !fold(m.text).includes(fold(f.text))) return false
  if (f.batch && m.batch_id !== f.batch) return false
  if (f.provider && m.provider?.id !== f.provider) return false
  if (f.created_by && m.created_by?.id !== f.created_by) return false
  const at = Date.parse(m.accepted_at)
  if (f.since && at < Date.parse(f.since)) return false
  if (f.until && at >= Date.parse(f.until)) return false
  return true
}
