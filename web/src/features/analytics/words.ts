import type { GroupBy, ReportGroup, ReportReason } from '$lib/api/reports'
import { i18n, t } from '$lib/i18n/index.svelte'
import { networkCode } from '$lib/network'
import { duration, type Change } from './report'

/** A time that messages took, such as "2.4 sec". */
export function timeTaken(ms: number): string {
  const { value, unit } = duration(ms)
  return i18n.n(value, { style: 'unit', unit, unitDisplay: 'short' })
}

/** How a number has changed, in words. */
export function changed(c: Change): string {
  if (c.way === 'same' || c.way === 'new') return t(`analytics.change.${c.way}`)
  return t(`analytics.change.${c.way}`, { pct: i18n.percent(c.share) })
}

/** How a rate has changed, in percentage points. */
export function ratesChanged(now: number, before: number): string {
  const points = Math.round((now - before) * 1000) / 10
  if (points === 0) return t('analytics.change.same')
  return t(points > 0 ? 'analytics.points.up' : 'analytics.points.down', { n: Math.abs(points) })
}

/** Why messages failed, in this language where we have its words, else as the server says it. */
export function cause(r: Pick<ReportReason, 'code' | 'text'>): string {
  if (r.text) return r.text
  const key = `reason.${r.code}`
  return i18n.has(key) ? t(key) : r.code
}

/** What people call a group. */
export function nameOf(by: GroupBy, g: ReportGroup): string {
  if (g.others) return t('analytics.others')
  switch (by) {
    case 'country':
      return g.id ? i18n.country(g.id) : t('analytics.none.country')
    case 'network':
      return g.name || (g.id ? networkCode(g.id) : t('analytics.none.network'))
    case 'class':
      return t(`analytics.class.${g.id as 'otp' | 'transactional' | 'bulk'}`)
    case 'reason':
      return cause({ code: g.id, text: g.name })
    case 'day':
      return i18n.day(g.id)
    case 'hour':
      return `${i18n.day(g.id)}, ${i18n.time(g.id)}`
  }
  return g.name || g.id || t(`analytics.none.${by}`)
}

/** An amount with its currency, which need not be one that the browser knows. */
export function money(m: { amount: string; currency: string }): string {
  return `${i18n.n(Number(m.amount), { maximumFractionDigits: 2 })} ${m.currency}`
}
