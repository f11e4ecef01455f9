import { STATUSES, type MessageStatus } from '$lib/api/types'
import { normalise } from '$lib/sms/recipients'
import type { Filters } from '$lib/stores/filters'
import { deviceZone, zonedToInstant } from '$lib/time/zone'

/** What people type into the one search field: `status:failed to:0712 since:2026-11-01 "two words"`. */
export interface Search {
  filters: Filters
  /** Pieces that look like a filter and are none, to be named. */
  bad: string[]
}

export interface SearchContext {
  /** Country whose national form of numbers is understood. */
  region: string
  /** That of this device when undefined. */
  zone?: string
  /** Names of providers, by id. */
  providers: readonly { id: string; name: string }[]
  /** Whoever searches: `by:me`. */
  me?: string
}

/** The words before the colon. */
export const SEARCH_KEYS = [
  'status',
  'to',
  'from',
  'text',
  'since',
  'until',
  'provider',
  'by',
  'batch',
] as const
type SearchKey = (typeof SEARCH_KEYS)[number]

const PIECE = /([a-z]+):("([^"]*)"?|\S+)|"([^"]*)"?|\S+/giu
/** A key whose value is still to be typed. */
const UNFINISHED = new RegExp(`^(${SEARCH_KEYS.join('|')}):$`, 'i')
const fold = (s: string) => s.trim().toLocaleLowerCase()

/** Reads a search. A number alone is a recipient, other words are of the text. */
export function parseSearch(raw: string, context: SearchContext): Search {
  const whole = normalise(raw.trim(), context.region)
  if (whole) return { filters: { to: whole }, bad: [] }
  const filters: Filters = {}
  const bad: string[] = []
  const words: string[] = []
  for (const m of raw.matchAll(PIECE)) {
    const key = m[1]?.toLowerCase() as SearchKey | undefined
    if (!key && UNFINISHED.test(m[0])) continue
    if (!key || !SEARCH_KEYS.includes(key)) {
      words.push(m[4] ?? m[0].replace(/^"/, ''))
      continue
    }
    const value = (m[3] ?? m[2]!).trim()
    if (!value || !take(filters, key, value, context)) bad.push(m[0])
  }
  const text = [filters.text, words.join(' ').trim()].filter(Boolean).join(' ')
  const number = !filters.to && words.length ? normalise(words.join(' '), context.region) : null
  if (number) filters.to = number
  else if (text) filters.text = text
  return { filters, bad }
}

function take(f: Filters, key: SearchKey, value: string, context: SearchContext): boolean {
  switch (key) {
    case 'status': {
      const asked = value.split(',').map(fold) as MessageStatus[]
      if (!asked.every((s) => STATUSES.includes(s))) return false
      f.status = asked.join(',')
      return true
    }
    case 'to': {
      const part = partOfNumber(value, context.region)
      if (part) f.to = part
      return part !== ''
    }
    case 'since':
    case 'until': {
      const at = instantOf(value, key === 'until', context.zone)
      if (at) f[key] = at
      return at !== null
    }
    case 'provider': {
      const one =
        context.providers.find((p) => p.id === value || fold(p.name) === fold(value)) ??
        context.providers.find((p) => fold(p.name).includes(fold(value)))
      if (one) f.provider = one.id
      return one !== undefined
    }
    case 'by': {
      const id = fold(value) === 'me' ? context.me : /^(usr|key)_/.test(value) ? value : undefined
      if (id) f.created_by = id
      return id !== undefined
    }
    default:
      f[key] = value
      return true
  }
}

/** A whole number in E.164; of a part, the digits as E.164 has them: without the 0 that is dialled at home. */
function partOfNumber(value: string, region: string): string {
  const whole = normalise(value, region)
  if (whole) return whole
  const digits = value.replace(/[\s().\u2010-\u2015\u00a0/-]/g, '')
  if (!/^\+?\d+$/.test(digits)) return ''
  return digits.startsWith('+') ? digits : digits.replace(/^0+(?=\d)/, '')
}

/** A day of the workspace's zone, or an instant. `until` a day means until its end. */
function instantOf(value: string, end: boolean, zone = deviceZone()): string | null {
  if (/^\d{4}-\d\d-\d\d$/.test(value)) {
    const day = new Date(`${value}T00:00:00Z`)
    if (Number.isNaN(day.getTime())) return null
    if (end) day.setUTCDate(day.getUTCDate() + 1)
    return zonedToInstant(`${day.toISOString().slice(0, 10)}T00:00`, zone)?.toISOString() ?? null
  }
  const at = /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value) : new Date(NaN)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}
