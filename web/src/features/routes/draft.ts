// A rule as the form holds it, and as the server takes it.
import type { Route } from '$lib/api/routes'
import type { Schemas } from '$lib/api/types'

export const CLASSES = ['otp', 'transactional', 'bulk'] as const
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

export interface Target {
  provider: string
  weight: number
}
export interface Draft {
  name: string
  enabled: boolean
  countries: string[]
  /** Lists of words, as they are typed: separated by commas or lines. */
  prefixes: string
  senders: string
  tags: string
  classes: (typeof CLASSES)[number][]
  days: (typeof DAYS)[number][]
  from: string
  to: string
  action: 'send' | 'refuse'
  reason: string
  groups: Target[][]
  next: boolean
  onError: boolean
  onDown: boolean
  /** Seconds; 0 for never. */
  receipt: number
}

export const words = (typed: string): string[] => [
  ...new Set(
    typed
      .split(/[,;\n]/)
      .map((w) => w.trim())
      .filter(Boolean),
  ),
]

export function draftOf(r: Route | undefined, first: string): Draft {
  const when = r?.when ?? {}
  const failover = r?.failover ?? {}
  return {
    name: r?.name ?? '',
    enabled: r?.enabled ?? true,
    countries: [...(when.countries ?? [])],
    prefixes: (when.prefixes ?? []).join(', '),
    senders: (when.senders ?? []).join(', '),
    tags: (when.tags ?? []).join(', '),
    classes: [...(when.classes ?? [])],
    days: [...(when.days ?? [])],
    from: when.from ?? '',
    to: when.to ?? '',
    action: r?.then.refuse ? 'refuse' : 'send',
    reason: r?.then.reason ?? '',
    groups: r?.then.groups?.map((g) =>
      g.targets.map((x) => ({ provider: x.provider, weight: x.weight ?? 1 })),
    ) ?? [[{ provider: first, weight: 1 }]],
    next: r?.then.otherwise === 'next',
    onError: failover.on_error ?? true,
    onDown: failover.on_down ?? true,
    receipt: failover.on_missing_receipt_seconds ?? 0,
  }
}

/** Only what is set: an empty condition holds for every message. */
export function bodyOf(d: Draft): Schemas['RouteCreate'] {
  const when: Schemas['RouteWhen'] = {}
  const lists = { prefixes: words(d.prefixes), senders: words(d.senders), tags: words(d.tags) }
  if (d.countries.length) when.countries = d.countries
  if (lists.prefixes.length) when.prefixes = lists.prefixes
  if (lists.senders.length) when.senders = lists.senders
  if (lists.tags.length) when.tags = lists.tags
  if (d.classes.length) when.classes = CLASSES.filter((c) => d.classes.includes(c))
  if (d.days.length) when.days = DAYS.filter((c) => d.days.includes(c))
  if (d.from || d.to) Object.assign(when, { from: d.from, to: d.to })
  const then: Schemas['RouteThen'] =
    d.action === 'refuse'
      ? { refuse: true, reason: d.reason.trim() }
      : { groups: d.groups.map((targets) => ({ targets })), otherwise: d.next ? 'next' : 'wait' }
  const failover: Schemas['RouteFailover'] = {
    on_error: d.onError,
    on_down: d.onDown,
    ...(d.receipt && d.onError ? { on_missing_receipt_seconds: d.receipt } : {}),
  }
  return { name: d.name.trim(), enabled: d.enabled, when, then, failover }
}
