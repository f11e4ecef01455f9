import type { GroupBy, Report, ReportNumbers, ReportQuery } from '$lib/api/reports'
import { zonedToInstant } from '$lib/time/zone'

export const RANGES = ['today', '7d', '30d', 'custom'] as const
export type Range = (typeof RANGES)[number]
export const GROUPS = [
  'provider',
  'country',
  'network',
  'sender',
  'template',
  'campaign',
  'person',
  'class',
  'reason',
  'day',
  'hour',
] as const satisfies readonly GroupBy[]

/** What the address says about a report. */
export interface View {
  range: Range
  /** First and last day of a custom range, `2026-11-23`, both included; '' for none. */
  since: string
  until: string
  by: GroupBy
  compare: boolean
}

const day = /^\d{4}-\d\d-\d\d$/

/** Reads what the address says; what is not understood counts as not said. */
export function viewOf(query: URLSearchParams): View {
  const since = day.test(query.get('since') ?? '') ? query.get('since')! : ''
  const until = day.test(query.get('until') ?? '') ? query.get('until')! : ''
  const word = query.get('range') as Range
  const by = query.get('by') as GroupBy
  return {
    range: RANGES.includes(word) ? word : since ? 'custom' : '7d',
    since,
    until,
    by: (GROUPS as readonly string[]).includes(by) ? by : 'provider',
    compare: query.get('compare') !== 'no',
  }
}

/** The view as the API takes it; undefined while a custom range has no first day. */
export function queryOf(view: View, zone: string): ReportQuery | undefined {
  const group_by = view.by
  if (view.range !== 'custom') return { range: view.range, group_by }
  const from = view.since && zonedToInstant(`${view.since}T00:00`, zone)
  if (!from) return undefined
  const last = view.until && zonedToInstant(`${dayAfter(view.until)}T00:00`, zone)
  return { from: from.toISOString(), group_by, ...(last ? { to: last.toISOString() } : {}) }
}

function dayAfter(date: string): string {
  const [y, m, d] = date.split('-').map(Number) as [number, number, number]
  return new Date(Date.UTC(y, m - 1, d + 1)).toISOString().slice(0, 10)
}

export const failedOf = (n: ReportNumbers) => n.undelivered + n.failed + n.expired + n.blocked
export const otherOf = (n: ReportNumbers) => n.messages - n.delivered - failedOf(n)

/** How a number has changed: by which share, or none where there was nothing before. */
export interface Change {
  way: 'up' | 'down' | 'same' | 'new'
  share: number
}

export function change(now: number, before: number): Change {
  if (now === before) return { way: 'same', share: 0 }
  if (before === 0) return { way: 'new', share: 0 }
  return { way: now > before ? 'up' : 'down', share: Math.abs(now - before) / before }
}

/** Milliseconds in the unit that people would use, with few digits. */
export function duration(ms: number): { value: number; unit: 'millisecond' | 'second' | 'minute' | 'hour' } {
  const round = (v: number) => (v < 10 ? Math.round(v * 10) / 10 : Math.round(v))
  if (ms < 1000) return { value: Math.round(ms), unit: 'millisecond' }
  if (ms < 60_000) return { value: round(ms / 1000), unit: 'second' }
  if (ms < 3_600_000) return { value: round(ms / 60_000), unit: 'minute' }
  return { value: round(ms / 3_600_000), unit: 'hour' }
}

/** The history behind a group of a report, the campaign itself; '' where the history has no such filter. */
export function historyOf(report: Report, id: string): string {
  if (report.group_by === 'campaign') return id && `/campaigns?id=${encodeURIComponent(id)}`
  const range = { since: report.from, until: report.to }
  const filter: Record<string, string> | undefined = {
    provider: { ...range, provider: id },
    sender: { ...range, from: id },
    person: { ...range, created_by: id },
    day: bucket(report, id),
    hour: bucket(report, id),
    country: undefined,
    network: undefined,
    template: undefined,
    class: undefined,
    reason: undefined,
  }[report.group_by]
  if (!filter || !id) return ''
  return '/messages?' + new URLSearchParams(filter)
}

function bucket(report: Report, id: string): Record<string, string> {
  const i = report.series.findIndex((b) => Date.parse(b.start) === Date.parse(id))
  return { since: report.series[i]?.start ?? report.from, until: report.series[i + 1]?.start ?? report.to }
}

/** The failed messages of a report in the history. */
export const failuresOf = (report: { from: string; to: string }): string =>
  '/messages?' +
  new URLSearchParams({
    status: 'undelivered,failed,expired,blocked',
    since: report.from,
    until: report.to,
  })
